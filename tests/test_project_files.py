"""The project files are correct: extras that exist, a citation of this version, types in the wheel."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import nasctl

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path(nasctl.__file__).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = set(PROJECT["optional-dependencies"])
NAMED = re.compile(
    r"""(?:pip install|requires|wheel)[^\n\[]{0,40}\[([a-z0-9_,-]+)\]|\bextra `([a-z0-9_-]+)`"""
)


def texts() -> Iterator[tuple[str, str]]:
    files = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / ".ci" / "run"]
    files += [*(ROOT / "docs").glob("*.md"), *(ROOT / "benchmarks").rglob("*.py"), ROOT / "pyproject.toml"]
    files += PACKAGE.rglob("*.py")
    for file in files:
        yield str(file), file.read_text(encoding="utf-8")


def named_extras() -> set[tuple[str, str]]:
    """(file, extra) of every `pip install nasctl[extra]` and of every mention of an extra by its name."""
    found = set()
    for file, text in texts():
        for several, one in NAMED.findall(text):
            found |= {(file, extra) for extra in (several or one).split(",")}
    return found


def test_every_extra_that_is_named_exists() -> None:
    assert {(file, extra) for file, extra in named_extras() if extra not in EXTRAS} == set()


def test_every_extra_is_named_somewhere() -> None:
    assert EXTRAS - {extra for _, extra in named_extras()} == set()


def test_the_search_for_extras_sees_each_way_of_naming_one() -> None:
    ways = [
        "pip install '.[test]'",
        'pip install --quiet "$wheel[test]"',
        "`pip install nasctl[a,b]`",
        "the extra `ray`",
    ]
    assert [NAMED.search(way) is not None for way in ways] == [True] * len(ways)


def test_an_installed_package_says_that_it_has_types() -> None:
    assert (PACKAGE / "py.typed").is_file()


@pytest.mark.parametrize("key", ["cff-version", "message", "title", "authors", "version", "license"])
def test_the_citation_has_what_its_format_requires(key: str) -> None:
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))[key]


def test_the_citation_is_of_this_version_and_licence() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (citation["version"], citation["license"]) == (nasctl.__version__, PROJECT["license"])


def test_the_licence_is_the_one_that_is_declared() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
