import pytest

from nasctl.dialects import load_space, parse_space
from nasctl.dsl import SpaceError


@pytest.fixture
def folder(tmp_path):
    def write(**files: str):
        for name, text in files.items():
            (tmp_path / f"{name}.nas").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def test_included_statements_replace_the_include(folder):
    path = folder(
        main='space choices\ninclude "sets.nas"\na in small\n',
        sets="space choices\nlet small = {1, 2}\nb in small\n",
    )
    space = load_space(path / "main.nas")
    assert [decision.name for decision in space.decisions] == ["b", "a"]


def test_a_file_takes_precedence_over_what_it_includes(folder):
    path = folder(
        main='space choices\ninclude "base.nas"\nlet small = {1, 2, 3}\nsearch { trials 7 }\n',
        base="space choices\nlet small = {1, 2}\na in small\nsearch { trials 5 }\n",
    )
    space = load_space(path / "main.nas")
    assert space.decisions[0].choices == (1, 2, 3)
    assert space.defaults == {"search": {"trials": 7}}


def test_a_shipped_space_can_be_included_and_changed(folder):
    path = folder(main='space cnn\ninclude "spaces/cnn.nas"\nlayers 2\n')
    assert load_space(path / "main.nas").size == 4**6 * 2


def test_the_source_has_the_includes_resolved(folder):
    path = folder(
        main='space choices  # mine\ninclude "a.nas"\nz in {1, 2}\n',
        a='space choices\ninclude "b.nas"\ny in {1, 2}\n',
        b="space choices\nx in {1, 2}\n",
    )
    space = load_space(path / "main.nas")
    assert "include" not in space.source
    assert parse_space(space.source, name="other").hash == space.hash


def test_a_file_that_is_included_twice_is_read_once(folder):
    path = folder(
        main='space choices\ninclude "a.nas"\ninclude "b.nas"\n',
        a='space choices\ninclude "b.nas"\n',
        b="space choices\nx in {1, 2}\n",
    )
    assert load_space(path / "main.nas").size == 2


def test_circular_includes_are_an_error(folder):
    path = folder(main='space choices\ninclude "a.nas"\n', a='space choices\ninclude "main.nas"\n')
    with pytest.raises(
        SpaceError, match=r"a.nas:2:9: error: this includes main.nas, which includes this file again"
    ):
        load_space(path / "main.nas")


def test_errors_have_the_location_in_their_own_file(folder):
    path = folder(main='space choices\ninclude "a.nas"\nz in 2..1\n', a="space choices\ny in {1, 1}\n")
    with pytest.raises(SpaceError) as caught:
        load_space(path / "main.nas")
    locations = [item.span.location.rpartition("/")[2] for item in caught.value.diagnostics]
    assert locations == ["a.nas:2:10", "main.nas:3:6"]


def test_another_dialect_cannot_be_included(folder):
    path = folder(main='space choices\ninclude "spaces/cnn.nas"\n')
    with pytest.raises(SpaceError, match="a `cnn` file cannot be included in a `choices` file"):
        load_space(path / "main.nas")
