"""The parts of Lark that error recovery needs, and the parser without them."""

import pytest
from lark import Lark

from nasctl.dialects import parse_space
from nasctl.dsl import SpaceError, parser_state
from nasctl.dsl.layout import format_source
from nasctl.dsl.source import Source
from nasctl.errors import NasctlError
from nasctl.resources import grammar_folder

GOOD = "space choices\n\na in {1, 2}\n"
BAD = "space choices\na in {1, 2}\nb on {1, 2}\nc in {1, 2,, 3}\nd on {1}\n"


@pytest.fixture
def lark_without_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lark as if a later version had renamed an attribute."""
    monkeypatch.setattr(parser_state, "PARTS", (*parser_state.PARTS, "parser_state.renamed"))


def findings(text: str) -> list[str]:
    with pytest.raises(SpaceError) as caught:
        parse_space(text, name="text")
    return [item.message for item in caught.value.diagnostics]


def test_the_installed_lark_has_all_undocumented_parts_that_recovery_uses() -> None:
    """Fails with the names of the parts where a new version of Lark has renamed them."""
    parser = Lark('start: "a"', parser="lalr").parse_interactive("a")
    assert parser_state.missing_parts(parser) == []


@pytest.mark.parametrize("part", parser_state.PARTS)
def test_each_part_that_is_missing_is_named(part: str) -> None:
    class Empty:
        pass

    assert part in parser_state.missing_parts(Empty())  # type: ignore[arg-type]


@pytest.mark.usefixtures("lark_without_state")
def test_without_the_parts_a_space_is_read_and_the_first_mistake_is_reported_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert len(parse_space(GOOD, name="good").decisions) == 1
    alone = findings(BAD)
    monkeypatch.undo()
    assert len(alone) == 1
    assert len(findings(BAD)) == 3
    assert alone[0] == findings(BAD)[0]


@pytest.mark.usefixtures("lark_without_state")
def test_without_the_parts_the_layout_says_which_lark_it_needs() -> None:
    with pytest.raises(NasctlError, match="parts of Lark") as caught:
        format_source(Source("good.nas", GOOD), grammar_folder() / "choices.lark")
    assert "pip install" in (caught.value.hint or "")
