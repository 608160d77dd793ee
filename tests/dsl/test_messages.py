"""Golden error messages: `messages/NAME.nas` has errors, and `messages/NAME.txt` is their output."""

from pathlib import Path

import pytest

from nasctl.dialects import parse_space
from nasctl.dsl import SpaceError

MESSAGES = Path(__file__).parent / "messages"


@pytest.mark.parametrize("name", sorted(path.stem for path in MESSAGES.glob("*.nas")))
def test_message(name):
    path = MESSAGES / f"{name}.nas"
    with pytest.raises(SpaceError) as caught:
        parse_space(path.read_text(encoding="utf-8"), name=name, path=path.name)
    assert caught.value.message + "\n" == path.with_suffix(".txt").read_text(encoding="utf-8")


def test_three_errors_have_three_spans():
    text = "space cnn\nlayres 4\nlayer {\n  conv { size 3  fliters 24 }\n}\noutput clasifier\n"
    with pytest.raises(SpaceError) as caught:
        parse_space(text, name="three")
    positions = [item.span.source.position(item.span.start) for item in caught.value.diagnostics]
    assert positions == [(2, 1), (4, 18), (6, 8)]
    assert [item.span.text for item in caught.value.diagnostics] == ["layres", "fliters", "clasifier"]


def test_messages_do_not_use_names_of_terminals():
    for path in MESSAGES.glob("*.txt"):
        words = path.read_text(encoding="utf-8").replace("`", " ").split()
        assert not [word for word in words if word.isupper() and len(word) > 2 and word.isalpha()], path


def test_a_long_line_is_cut_around_the_span():
    values = ", ".join(str(number) for number in range(200))
    with pytest.raises(SpaceError) as caught:
        parse_space(f"space choices\na in {{{values}, 7}}\n", name="long")
    _, line, carets = str(caught.value).splitlines()
    assert len(line) < 180
    assert line[carets.index("^")] == "7"


def test_at_most_twenty_errors_are_shown_and_the_rest_counted():
    lines = "\n".join(f"a{number} in 2..1" for number in range(30))
    with pytest.raises(SpaceError, match="… and 10 more errors"):
        parse_space(f"space choices\n{lines}\n", name="many")
