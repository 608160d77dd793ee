import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nasctl.dialects import dialect_named, parse_space
from nasctl.dialects.formatting import format_space
from nasctl.dsl import SpaceError
from nasctl.dsl.diagnostics import Problems
from nasctl.dsl.lexemes import lexemes
from nasctl.dsl.parser import parse_tree
from nasctl.dsl.source import Source
from nasctl.resources import shipped_spaces

SPACES = {name: path.read_text(encoding="utf-8") for name, path in shipped_spaces().items()}


def formatted(text: str) -> str:
    return format_space(Source("<text>", text))


def tree(text: str):
    source = Source("<text>", text)
    name = next(
        word.text for word in lexemes(source) if word.text not in ("space",) and word.kind != "comment"
    )
    dialect = dialect_named(name)
    parsed = parse_tree(source, dialect.grammar, Problems())
    return dialect.syntax(source).build(parsed)


def comments(text: str) -> list[str]:
    return [lexeme.text.rstrip() for lexeme in lexemes(Source("<text>", text)) if lexeme.kind == "comment"]


@pytest.mark.parametrize("name", SPACES)
def test_the_shipped_spaces_are_in_canonical_layout(name):
    assert formatted(SPACES[name]) == SPACES[name]


def test_a_whole_file():
    before = """
space   cnn # the paper's
let w={1,3 , 5}   let n = 2*3


layers 6..20  step 2 every 1600 samples
block unit ( width , size=3 ) { conv { size size filters width } relu }
layer {

  conv { height in w stride ( height 1,width in{1,2} )
    # how many
    filters in 16..64 step * 2 } unit { width in {8,16} }
  batch_norm relu # both
}
require params<=5M
"""
    assert (
        formatted(before)
        == """\
space cnn  # the paper's
let w = {1, 3, 5}
let n = 2 * 3

layers 6..20 step 2 every 1600 samples
block unit(width, size = 3) { conv { size size  filters width }  relu }
layer {
  conv {
    height in w
    stride (height 1, width in {1, 2})
    # how many
    filters in 16..64 step *2
  }
  unit { width in {8, 16} }
  batch_norm
  relu  # both
}
require params <= 5M
"""
    )


def test_the_in_of_adjacent_lines_is_aligned():
    assert formatted("space choices\na in {1}\nlong in {2}\n\nb in {3}\n") == (
        "space choices\na    in {1}\nlong in {2}\n\nb in {3}\n"
    )


def test_a_block_on_one_line_stays_on_it_if_it_fits():
    short = "space choices\ng { a in {1, 2}  b in {3, 4} }\n"
    assert formatted(short) == short
    assert formatted(short.replace("  b", "  " + "b" * 75)) == (
        f"space choices\ng {{\n  a{' ' * 74} in {{1, 2}}\n  {'b' * 75} in {{3, 4}}\n}}\n"
    )


def test_a_long_set_is_broken_at_commas():
    text = f"space choices\na in {{{', '.join(str(n) for n in range(100, 160))}}}\n"
    once = formatted(text)
    assert max(map(len, once.splitlines())) <= 96
    assert formatted(once) == once
    assert tree(once) == tree(text)


def test_a_file_with_errors_is_not_formatted():
    with pytest.raises(SpaceError, match="never closed"):
        formatted("space choices\na in {1, 2\n")


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_comments_are_kept_at_every_position(data):
    text = SPACES[data.draw(st.sampled_from(sorted(SPACES)))]
    gaps = [lexeme.start for lexeme in lexemes(Source("<text>", text)) if lexeme.kind != "comment"]
    for at in sorted(data.draw(st.lists(st.sampled_from(gaps), max_size=6)), reverse=True):
        breaks = data.draw(st.sampled_from(["", "\n", "\n\n", "\n   "]))
        text = f"{text[:at]}{breaks}# {at}\n{text[at:]}"
    once = formatted(text)
    assert comments(once) == comments(text)
    assert tree(once) == tree(text)
    assert formatted(once) == once


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted(set(SPACES) - {"spaces/cnn_schedule.nas"})), st.integers(0, 10**6))
def test_white_space_does_not_affect_the_result(name, seed):
    generator = random.Random(seed)
    # Every blank outside comments becomes another.
    spread = "".join(
        part
        if part.startswith("#")
        else re.sub(r"\s+", lambda _: generator.choice([" ", "\n", "\t", "\n\n\n"]), part)
        for part in re.split(r"(#[^\n]*\n)", SPACES[name])
    )
    once = formatted(spread)
    assert tree(once) == tree(SPACES[name])
    assert formatted(once) == once
    assert parse_space(once, name="x").hash == parse_space(SPACES[name], name="x").hash
