"""A line ends in a line feed, for every part of the language; what only looks like a line end is refused."""

import pytest

from nasctl.dialects import parse_space
from nasctl.dialects.formatting import format_space
from nasctl.dsl import Source, SpaceError

CODE_POINTS = {
    "null": "\x00",
    "backspace": "\x08",
    "vertical tab": "\x0b",
    "form feed": "\x0c",
    "carriage return": "\r",
    "escape": "\x1b",
    "delete": "\x7f",
    "next line": "\x85",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "right-to-left override": "\u202e",
    "isolate": "\u2066",
    "byte-order mark": "\ufeff",
}
PLACES = {
    "in a comment": "space choices\na in {{1, 2}} # before{0}b in {{3, 4}}\n",
    "between statements": "space choices\na in {{1, 2}}{0}b in {{3, 4}}\n",
    "in a text": 'space choices\na in {{"x{0}y", "z"}}\n',
    "in the header": "space{0}choices\na in {{1, 2}}\n",
    "before the header": "# about{0}space cnn\nspace choices\na in {{1, 2}}\n",
    "at the end": "space choices\na in {{1, 2}}\n{0}",
}


@pytest.mark.parametrize("character", CODE_POINTS.values(), ids=CODE_POINTS)
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_control_characters_are_refused_wherever_they_stand(character, place):
    text = place.format(character)
    for read in (lambda: parse_space(text, name="odd"), lambda: format_space(Source("odd", text))):
        with pytest.raises(SpaceError) as error:
            read()
        (problem,) = error.value.diagnostics
        assert f"(U+{ord(character):04X})" in problem.message
        assert problem.span.text == character
        assert problem.span.start == text.index(character, 1)


def test_windows_line_ends_and_one_byte_order_mark_at_the_start_are_read():
    plain = "space choices\n# a comment\na in {1, 2}\n\tb in {3, 4}\n"
    written = "\ufeff" + plain.replace("\n", "\r\n")
    assert parse_space(written, name="w").hash == parse_space(plain, name="w").hash


def test_a_binary_file_has_a_few_errors():
    with pytest.raises(SpaceError) as error:
        parse_space("\x00\x01\x02" * 1000, name="binary")
    assert len(error.value.diagnostics) == 3


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("f\u0456lters", "CYRILLIC SMALL LETTER BYELORUSSIAN-UKRAINIAN I (U+0456)"),
        ("fil\u200bters", "ZERO WIDTH SPACE (U+200B)"),
        ("\u0430ct", "`\u0430ct` contains CYRILLIC SMALL LETTER A (U+0430)"),
        ("caf\u00e9", "LATIN SMALL LETTER E WITH ACUTE (U+00E9)"),
        ("\u00a0act", "NO-BREAK SPACE (U+00A0)"),
        ("\u2013 3", "EN DASH (U+2013)"),
        ("\uff11", "FULLWIDTH DIGIT ONE (U+FF11)"),
    ],
)
def test_characters_that_look_like_others_are_named(name, message):
    with pytest.raises(SpaceError) as error:
        parse_space(f"space choices\n{name} in {{1, 2}}\n", name="odd")
    assert message in error.value.diagnostics[0].message


def test_any_letter_may_stand_in_a_comment_or_a_text():
    space = parse_space(
        'space choices # größer \u0456 \U0001f600\na in {"größer", "\u0456"}\n', name="letters"
    )
    assert space.decisions[0].choices == ("größer", "\u0456")
