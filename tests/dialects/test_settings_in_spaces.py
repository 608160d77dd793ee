"""The sections `search`, `controller` and `training` of a space file."""

import pytest

from nasctl.dialects import parse_space
from nasctl.dsl import SpaceError


def defaults(text: str):
    return parse_space(f"space choices {text} a in {{1, 2}}", name="test").defaults


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("let n = 3 search { trials n }", 3),
        ("let n = 3 search { trials 2 * n + 1 }", 7),
        ("let n = 3 let m = 2 * n search { trials m / 2 }", 3),
        ("search { trials 2k }", 2000),
    ],
)
def test_settings_may_use_the_names_of_let(text, value):
    assert defaults(text)["search"]["trials"] == value


def test_a_word_that_a_setting_knows_stands_for_itself():
    assert defaults("let paper = 3 controller { preset paper }")["controller"]["preset"] == "paper"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("search { trials n }", "search.trials must be a whole number, not `n`"),
        ("search { trials 2 * n }", "`n` is neither a number nor defined by `let`"),
        ("let n = {1, 2} search { trials n }", "search.trials must be a whole number, not `n`"),
        (
            "let n = 0 search { trials n }",
            "search.trials must be a whole number from 1 to 1,000,000,000, not `0`",
        ),
        ('search { reward "accuracy +" }', "the reward cannot be read: it ends too early"),
        ('search { reward "accuracy ) 2" }', "the reward cannot be read: `)` does not belong here"),
    ],
)
def test_a_setting_that_cannot_be_read_has_a_message_of_one_line(text, message):
    with pytest.raises(SpaceError) as caught:
        defaults(text)
    assert [item.message for item in caught.value.diagnostics if item.severity == "error"] == [message]
