"""Foreign text is shown, stored and quoted without an effect of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from rich.cells import cell_len

from nasctl.foreign_text import (
    display_width,
    message_of,
    shell_command,
    shell_word,
    shortened,
    storable,
    visible,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("\x1b[31mred", r"\x1b[31mred", id="terminal escape"),
        pytest.param("\x9b31m", r"\x9b31m", id="escape of one byte"),
        pytest.param("\x1b]0;title\x07", r"\x1b]0;title\x07", id="title of the window"),
        pytest.param("a\rb", r"a\rb", id="carriage return"),
        pytest.param("a\x00b", r"a\x00b", id="null"),
        pytest.param("a\x7fb", r"a\x7fb", id="delete"),
        pytest.param("a\x85b", r"a\x85b", id="next line"),
        pytest.param("a\u202eb", r"a\u202eb", id="right-to-left override"),
        pytest.param("a\u2066b\u2069", r"a\u2066b\u2069", id="isolates"),
        pytest.param("a\u200eb", r"a\u200eb", id="left-to-right mark"),
        pytest.param("a\u200bb", r"a\u200bb", id="space without width"),
        pytest.param("\ufeffa", r"\ufeffa", id="byte order mark"),
        pytest.param("a\u2028b", r"a\u2028b", id="line separator"),
        pytest.param("a\udcff", r"a\udcff", id="lone surrogate"),
        pytest.param("a\ufffe", r"a\ufffe", id="non-character"),
        pytest.param("a\U000e0041", r"a\U000e0041", id="tag"),
        pytest.param("[bold]/[/b]", "[bold]/[/b]", id="markup"),
        pytest.param("c:\\new", "c:\\new", id="backslash"),
        pytest.param("層 é ∑ שלום 👩\u200d🔬", "層 é ∑ שלום 👩\u200d🔬", id="other scripts and emoji"),
        pytest.param("a\u00a0b", "a\u00a0b", id="no-break space"),
    ],
)
def test_what_a_terminal_interprets_or_hides_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown


def test_only_lines_keep_their_breaks_and_tabs() -> None:
    assert visible("a\n\tb") == r"a\n\tb"
    assert visible("a\n\tb\r\x1b", lines=True) == "a\n\tb\\r\\x1b"


def test_storable_text_can_be_encoded_and_is_otherwise_the_same() -> None:
    assert storable("a\ud800\x1b\n👩") == "a\\ud800\x1b\n👩"
    storable("".join(map(chr, range(0xD7F0, 0xE010)))).encode()


def test_a_long_text_keeps_both_ends() -> None:
    text = "begin " + "x" * 10**7 + " end"
    cut = shortened(text)
    assert len(cut) <= 2000
    assert cut.startswith("begin ") and cut.endswith(" end") and "characters left out" in cut
    assert shortened("short") == "short"


class Unreadable(Exception):
    def __str__(self) -> str:
        raise OSError("no")


class NoText(Exception):
    def __str__(self) -> str:
        return 3  # type: ignore[return-value]


@pytest.mark.parametrize("error", [Unreadable(), NoText()])
def test_the_message_of_any_error_can_be_read(error: Exception) -> None:
    assert message_of(error) == "its message cannot be read"


@pytest.mark.parametrize("text", ["abc", "漢字 kanji", "é", "ｱ", "가", "שלום"])
def test_widths_are_those_of_a_terminal(text: str) -> None:
    assert display_width(text) == cell_len(text)


@pytest.mark.parametrize(
    "name",
    [
        "plain",
        "a b",
        "it's",
        'say "x"',
        "$HOME",
        "`ls`",
        "a;b",
        "a&b",
        "*",
        "[x]",
        "~x",
        "a\\b",
        "back\\",
        "new\nline",
        "bell\a7",
        "esc\x1b[31m",
        "quote'\x1b",
        "not utf-8 \udcff1",
        "é",
        "\u202e",
        "-x",
        "--out",
        "",
        "#x",
        "a=b",
        "{a,b}",
        "!x",
    ],
)
def test_a_shell_reads_a_quoted_path_as_the_path(name: str) -> None:
    command = shell_command("printf", "%s", Path(name) if name else "")
    assert visible(command) == command
    shown = subprocess.run(["bash", "-c", command], capture_output=True, check=True).stdout
    assert os.path.normpath(os.fsdecode(shown)) == os.path.normpath(name)


def test_options_are_not_taken_for_paths() -> None:
    assert shell_command("nasctl", "search", Path("-a.nas"), "--out", Path("b c")) == (
        "nasctl search ./-a.nas --out 'b c'"
    )
    assert shell_word("--resume") == "--resume"
