"""How commands print: results on standard output, progress and errors on standard error."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from nasctl.dsl import Diagnostic
    from nasctl.errors import NasctlError

BLOCKS = "▁▂▃▄▅▆▇█"


def progress_console() -> Console:
    """The console for progress, on standard error, with colour and redrawing only if that is a terminal."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def result_console() -> Console:
    """The console for results, on standard output."""
    from rich.console import Console

    return Console(highlight=False)


def print_json(document: object) -> None:
    """Prints a JSON document on one line of standard output."""
    print(json.dumps(document), flush=True)


def print_error(error: NasctlError) -> None:
    """Prints an error and its hint on standard error; for errors in space files, each with its location."""
    diagnostics = getattr(error, "diagnostics", None)
    if diagnostics:
        print_diagnostics(diagnostics)
        return
    console = progress_console()
    console.print(f"[bold red]error:[/] {_escape(error.message)}", soft_wrap=True)
    if error.hint:
        console.print(f"[bold]hint:[/] {_escape(error.hint)}", soft_wrap=True)


def print_diagnostics(diagnostics: Sequence[Diagnostic]) -> None:
    """Prints the diagnostics of space files on standard error, separated by empty lines."""
    from rich.text import Text

    console = progress_console()
    for diagnostic in diagnostics:
        text = Text(f"{diagnostic}\n")
        text.highlight_regex(r"(?<=: )error(?=: )", "bold red")
        text.highlight_regex(r"(?<=: )(warning|note)(?=: )", "bold yellow")
        text.highlight_regex(r"(?m)^ *\| *\^+", "bold red")
        text.highlight_regex(r"(?m)^ +=.*$", "bold")
        console.print(text, soft_wrap=True)


def sparkline(values: Iterable[float], width: int) -> str:
    """The last `width` values as a row of block characters, scaled from the smallest to the largest.

    >>> sparkline([0.0, 0.5, 1.0], 10)
    '▁▄█'
    """
    shown = list(values)[-width:]
    if not shown:
        return ""
    low, high = min(shown), max(shown)
    scale = (len(BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join(BLOCKS[int((value - low) * scale + 0.5 - 1e-9)] for value in shown)


def duration(seconds: float) -> str:
    """A length of time in words.

    >>> duration(7), duration(161), duration(4020)
    ('7 s', '2 min 41 s', '1 h 7 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def counted(number: int, noun: str) -> str:
    """A number with its noun in the singular or plural.

    >>> counted(1, "decision"), counted(1500, "decision")
    ('1 decision', '1,500 decisions')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)
