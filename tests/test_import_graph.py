"""The detection of import cycles, on generated packages."""

from pathlib import Path

import pytest
from import_graph import circles, import_graph


def package(folder: Path, **files: str) -> Path:
    """Writes a package `p`; the name of a file in a folder is written `folder__file`."""
    root = folder / "p"
    for name, text in {"__init__": "", **files}.items():
        path = root / (name if name == "__init__" else name.replace("__", "/", 1))
        path = path.with_name(path.name + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_arrows_lead_to_the_file_that_is_named_and_to_the_one_that_defines(tmp_path: Path) -> None:
    graph = import_graph(
        package(
            tmp_path,
            a="from p.b import thing\nimport json",
            b____init__="from p.b.deep import thing",
            b__deep="thing = 1",
        )
    )
    assert graph == {"p": set(), "p.a": {"p.b", "p.b.deep"}, "p.b": {"p.b.deep"}, "p.b.deep": set()}


def test_imports_downwards_make_no_circle(tmp_path: Path) -> None:
    graph = import_graph(package(tmp_path, a="from p import b, c", b="import p.c", c=""))
    assert graph["p.a"] == {"p.b", "p.c"}
    assert circles(graph) == []


@pytest.mark.parametrize(
    "back",
    [
        "import p.a",
        "from p import a",
        "from p.a import name",
        "def late():\n    from p.a import name",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.a import name",
    ],
)
def test_any_way_back_closes_a_circle(tmp_path: Path, back: str) -> None:
    graph = import_graph(package(tmp_path, a="import p.b\nname = 1", b="import p.c", c=back, d="import p.a"))
    assert circles(graph) == [["p.a", "p.b", "p.c"]]


def test_a_circle_through_a_name_that_is_passed_on(tmp_path: Path) -> None:
    graph = import_graph(
        package(
            tmp_path,
            a="from p.b import name",
            b____init__="from p.b.deep import name",
            b__deep="import p.a\nname = 1",
        )
    )
    assert circles(graph) == [["p.a", "p.b", "p.b.deep"]]


def test_two_circles(tmp_path: Path) -> None:
    graph = import_graph(
        package(tmp_path, a="import p.b", b="import p.a", c="import p.d\nimport p.a", d="import p.c")
    )
    assert circles(graph) == [["p.a", "p.b"], ["p.c", "p.d"]]
