# The developer's manual. `.ci/run` runs all the checks from nothing.

# run the tests without the slow ones, on all cores; `just test tests/test_config.py --pdb` runs one file in one process
test *ARGS:
    python -m pytest -m "not slow" {{ARGS}}

# run all tests
test-all *ARGS:
    python -m pytest {{ARGS}}

# check formatting, lint rules and types
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

# run nasctl on mutated inputs of every kind, such as `just fuzz --inputs 1000000 --jobs 2`
fuzz *ARGS:
    python tests/fuzz {{ARGS}}

# list the small changes of the code that no test detects, such as `just mutate 'nasctl.space*'`
mutate *ARGS:
    JAX_PLATFORMS=cpu mutmut run {{ARGS}}
    mutmut results
