"""Every snippet of `docs/language.md` is parsed, and every error message in it is produced."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from nasctl.dialects import dialect_names, parse_space
from nasctl.dialects.cnn.types import LAYER_TYPES
from nasctl.dsl import SpaceError
from nasctl.space import format_tokens, parse_tokens

TEXT = (Path(__file__).parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)(?: (\w+))?\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)

WRAPPED = {
    "": "{}",
    "choices": "space choices\n{}",
    "cnn": "space cnn\nlayers 2\nlayer {{ relu }}\n{}",
    "layer": "space cnn\nlayers 2\nlayer {{\n{}\n}}",
}
"""What stands around a snippet, by the word after `nas`."""

SNIPPETS = [(kind, text) for language, kind, text in BLOCKS if language == "nas" and kind != "error"]
MISTAKES = [
    (text, message)
    for (_, kind, text), (language, _, message) in pairwise(BLOCKS)
    if kind == "error" and language == "text"
]


@pytest.mark.parametrize(("kind", "text"), SNIPPETS)
def test_snippet(kind, text):
    parse_space(WRAPPED[kind].format(text), name="snippet")


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_message(text, message):
    with pytest.raises(SpaceError) as caught:
        parse_space(text, name="mine", path="mine.nas")
    assert str(caught.value) + "\n" == message


def test_the_numbers_that_are_named():
    first = parse_space(SNIPPETS[0][1], name="first")
    assert first.size == 32
    tokens = next(text for language, _, text in BLOCKS if language == "tokens").strip()
    assert format_tokens(first, parse_tokens(first, tokens)) == tokens
    assert parse_tokens(first, "1 1 0 0 1") == parse_tokens(first, tokens)
    values = parse_space(WRAPPED["choices"].format(SNIPPETS[1][1]), name="values")
    for decision in values.decisions:
        listed = re.search(rf"^{decision.name} in .*# ([\d, ]+)$", SNIPPETS[1][1], re.MULTILINE)
        if listed:
            assert ", ".join(map(str, decision.choices)) == listed[1]


def test_every_dialect_and_every_layer_type_is_there():
    for name in (*dialect_names(), *LAYER_TYPES):
        assert f"`{name}`" in TEXT
