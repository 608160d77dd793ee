"""Diagnostics of lines with any characters: what a terminal shows, and where the carets are."""

from __future__ import annotations

import re

import pytest

from nasctl.dsl import Diagnostic
from nasctl.dsl.diagnostics import Note
from nasctl.dsl.source import Source, Span
from nasctl.foreign_text import display_width


def shown(line: str, word: str, path: str = "x.nas", message: str = "wrong") -> tuple[str, str, str]:
    """The three lines of the diagnostic for a word of a line."""
    start = len("space cnn\n") + line.index(word)
    source = Source(path, f"space cnn\n{line}\nlayers 3\n")
    head, excerpt, carets = str(Diagnostic(message, Span(source, start, start + len(word)))).split("\n")
    return head, excerpt, carets


@pytest.mark.parametrize(
    ("line", "word", "excerpt", "carets"),
    [
        pytest.param("size word", "word", "size word", "     ^^^^", id="plain"),
        pytest.param("\tsize\tword", "word", " size word", "      ^^^^", id="tabs"),
        pytest.param("# 漢字 word", "word", "# 漢字 word", "       ^^^^", id="wide characters before"),
        pytest.param("a 漢字 b", "漢字", "a 漢字 b", "  ^^^^", id="wide characters"),
        pytest.param(
            "e\u0301e\u0301 word", "word", "e\u0301e\u0301 word", "   ^^^^", id="combining characters"
        ),
        pytest.param("\x1b[31m word", "word", r"\x1b[31m word", "         ^^^^", id="escape before"),
        pytest.param("a \x1b b", "\x1b", r"a \x1b b", "  ^^^^", id="escape"),
        pytest.param("a\rword", "word", r"a\rword", "   ^^^^", id="carriage return"),
        pytest.param("\u202eword", "word", r"\u202eword", "      ^^^^", id="change of direction"),
        pytest.param("\udcff word", "word", r"\udcff word", "       ^^^^", id="lone surrogate"),
        pytest.param("[/b] word", "word", "[/b] word", "     ^^^^", id="markup"),
        pytest.param("a word\x85\u2028b", "word", r"a word\x85\u2028b", "  ^^^^", id="other line breaks"),
    ],
)
def test_the_carets_are_under_the_word(line: str, word: str, excerpt: str, carets: str) -> None:
    _, found, under = shown(line, word)
    assert found == f" 2 | {excerpt}"
    assert under == f"   | {carets}"


def test_texts_that_quote_the_file_stay_on_their_lines() -> None:
    head, _, _ = shown("size word", "word", path="a\nb\x1b.nas", message="`\x1b[31m\n` is [no] property")
    assert head == r"a\nb\x1b.nas:2:6: error: `\x1b[31m\n` is [no] property"


def test_long_texts_and_long_lines_are_cut() -> None:
    word = "漢" * 100_000
    source = Source("x.nas", f"a {word} b")
    span = Span(source, 2, 2 + len(word))
    text = str(Diagnostic(f"`{word}` is wrong", span, f"not `{word}`", (Note(word, span), Note(word))))
    assert len(text) < 15_000
    for excerpt, carets in re.findall(r"^ 1 \| (.*)\n   \| (.*)$", text, re.M):
        assert display_width(carets) <= display_width(excerpt)
