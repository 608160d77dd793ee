# The developer's manual: `just test`, `just lint`, `just docs`. `.ci/run` does all of it from nothing.

# the tests, without the slow ones
test *ARGS:
    python -m pytest -m "not slow" {{ARGS}}

# all tests
test-all:
    python -m pytest -n auto

# formatting, linting and types
lint:
    ruff check .
    ruff format --check .
    mypy

# bring the help texts in docs/commands.md up to date
docs:
    python docs/commands.py > docs/commands.md

# every benchmark, one after the other: hours, or `just bench --quick` for a quarter of an hour
bench *ARGS:
    python benchmarks/suite.py --out results {{ARGS}}
