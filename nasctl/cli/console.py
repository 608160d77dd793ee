"""How commands print: results on standard output, progress and errors on standard error.

All printing goes through this file. Texts are printed literally: Rich's markup is not read in them, and characters that
a terminal interprets are shown as escapes. Lines and tables are as long as their content, unless they are printed in a
terminal that is narrower.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, NamedTuple, cast

from nasctl.cli.streams import ProgressStream, json_stream, output_errors
from nasctl.files.json_text import write_json
from nasctl.foreign_text import display_width, message_of, shortened, visible
from nasctl.progress import shown_by

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

    from nasctl.dsl import Diagnostic
    from nasctl.errors import NasctlError

UNLIMITED = 10**7
"""Width in characters of output that is not a terminal."""
LONGEST_MESSAGE = 4000
"""Number of characters of an error message that are printed."""


SOON = 1.0
"""Seconds in which work ends that is not worth a line."""


class Styled(NamedTuple):
    """A text with a style of Rich, such as `bold`."""

    text: str
    style: str


class Column(NamedTuple):
    """A column of a table."""

    name: str
    right: bool = False
    """Whether its cells are aligned at the right."""
    breaks: bool = True
    """Whether its cells may be wrapped in a narrow terminal."""


Part = str | Styled


class Printer:
    """Prints on one of the standard streams.

    Args:
      console: The stream, as a console of Rich.
      is_terminal: Whether it is a terminal.
    """

    def __init__(self, console: Console, is_terminal: bool) -> None:
        self.console = console
        self.is_terminal = is_terminal
        if not is_terminal:
            console.width = UNLIMITED

    def line(self, *parts: Part, lines: bool = False) -> None:
        """Prints a line that consists of some texts; `lines` says whether they may contain line breaks."""
        self.console.print(literal(*parts, lines=lines), soft_wrap=True)

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[Part]]) -> None:
        """Prints a table with a header."""
        from rich.table import Table

        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(
                literal(column.name),
                justify="right" if column.right else "left",
                no_wrap=not column.breaks,
                overflow="fold",
            )
        for row in rows:
            table.add_row(*map(literal, row))
        self._show(table)

    def fields(self, rows: Iterable[tuple[str, Part]]) -> None:
        """Prints labels, each with a text beside it."""
        self._show(fields(rows))

    def listed(self, rows: Sequence[tuple[str, str]], style: str = "") -> None:
        """Prints files or commands, each with its purpose beside it. They are never wrapped, so they can be copied."""
        widest = max((display_width(visible(item)) for item, _ in rows), default=0)
        for item, purpose in rows:
            gap = " " * (widest - display_width(visible(item)) + 3)
            self.line("  ", Styled(item, style), gap, purpose)

    def drawing(self, drawing: Text) -> None:
        """Prints the drawing of a network, which contains only text that can be shown."""
        self.console.print(drawing, soft_wrap=True, end="")

    @contextmanager
    def steps(self, first: str) -> Iterator[Callable[[str], None]]:
        """Shows which step is in progress: in a terminal on one line, otherwise on a line for each step.

        Args:
          first: The first step, which only a terminal shows.

        Yields:
          A function that shows the next step.
        """
        with self.console.status(literal(first)) as status:
            if not self.is_terminal:
                yield self.line
                return

            @contextmanager
            def work(what: str, steps: int) -> Iterator[Callable[[int], None]]:
                yield lambda done: status.update(literal(f"{what}: {100 * done / max(steps, 1):.0f} %"))
                status.update(literal(first))

            with shown_by(work):
                yield lambda step: status.update(literal(step))

    @contextmanager
    def work(self, what: str, steps: int) -> Iterator[Callable[[int], None]]:
        """Shows the progress of work: in a terminal as a bar, otherwise on a line if it takes longer than a second.

        Args:
          what: What is done.
          steps: The number of its steps.

        Yields:
          A function that takes the number of steps that are done.
        """
        if not self.is_terminal:
            yield _said_once(what, self.line)
            return
        from rich.progress import Progress

        with Progress(console=self.console, transient=True) as progress:
            task = progress.add_task(visible(what), total=steps)
            yield lambda done: progress.update(task, completed=done)

    def _show(self, renderable: RenderableType) -> None:
        if self.is_terminal:
            self.console.print(renderable)
            return
        with self.console.capture() as captured:
            self.console.print(renderable)
        for row in captured.get().splitlines():  # without the blanks that fill the last column
            self.console.file.write(f"{row.rstrip()}\n")
        self.console.file.flush()


def results() -> Printer:
    """Prints results, on standard output."""
    from rich.console import Console

    return Printer(Console(highlight=False, markup=False, emoji=False), sys.stdout.isatty())


def progress() -> Printer:
    """Prints progress and errors, on standard error, with colour and redrawing only if that is a terminal."""
    from rich.console import Console

    stream = ProgressStream()
    return Printer(
        Console(file=cast(IO[str], stream), highlight=False, markup=False, emoji=False), stream.isatty()
    )


def _said_once(what: str, say: Callable[[str], None]) -> Callable[[int], None]:
    """A function that says what is done, once a second has passed."""
    started = time.monotonic()
    said = False

    def report(done: int) -> None:
        nonlocal said
        if not said and time.monotonic() - started > SOON:
            said = True
            say(what)

    return report


def literal(*parts: Part, lines: bool = False) -> Text:
    """A text for Rich with exactly the given characters; those that cannot be shown are escapes.

    Args:
      parts: Texts, some with a style.
      lines: Whether line breaks are kept.
    """
    from rich.text import Text

    text = Text()
    for part in parts:
        plain, style = part if isinstance(part, Styled) else (part, "")
        text.append(visible(plain, lines=lines), style or None)
    return text


def fields(rows: Iterable[tuple[str, Part | RenderableType]]) -> RenderableType:
    """Labels, each with a text or another renderable beside it."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column()
    for label, value in rows:
        grid.add_row(literal(label), literal(value) if isinstance(value, str | Styled) else value)
    return grid


def beside(left: RenderableType, right: RenderableType) -> RenderableType:
    """Two renderables on one line."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 1))
    grid.add_row(left, right)
    return grid


def print_json(document: object) -> None:
    """Prints a JSON document on one line of standard output."""
    stream = json_stream()
    with output_errors():
        stream.write(write_json(document) + "\n")
        stream.flush()


def print_document(text: str) -> None:
    """Prints the text of a file on standard output, unchanged and in UTF-8 if that is not a terminal."""
    with output_errors():
        if sys.stdout.isatty():
            sys.stdout.write(visible(text, lines=True))
        else:
            sys.stdout.flush()
            sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
        sys.stdout.flush()


def print_error(error: NasctlError) -> None:
    """Prints an error and its hint on standard error; for errors in space files, each with its location."""
    diagnostics = getattr(error, "diagnostics", None)
    if diagnostics:
        print_diagnostics(diagnostics)
        return
    printer = progress()
    printer.line(Styled("error:", "bold red"), f" {shortened(error.message, LONGEST_MESSAGE)}", lines=True)
    if error.hint:
        printer.line(Styled("hint:", "bold"), f" {shortened(error.hint, LONGEST_MESSAGE)}", lines=True)


def print_usage_error(error: Exception) -> None:
    """Prints an error of Typer: the command line cannot be parsed."""
    context: Any = getattr(error, "ctx", None)
    describe: Callable[[], str] = getattr(error, "format_message", lambda: message_of(error))
    printer = progress()
    if type(error).__name__ == "NoArgsIsHelpError":  # Typer has printed the help text
        return
    if context is not None:
        printer.line(context.get_usage(), lines=True)
    printer.line(Styled("error:", "bold red"), f" {shortened(describe(), LONGEST_MESSAGE)}", lines=True)
    if context is not None:
        command = context.command_path
        printer.line(Styled("hint:", "bold"), f" `{command} --help` lists the arguments and options")


def escape_warnings() -> None:
    """Makes warnings in the log of nasctl show foreign text as escapes, whatever prints the log."""
    logging.setLogRecordFactory(_LogRecord)


class _LogRecord(logging.LogRecord):
    def getMessage(self) -> str:
        message = super().getMessage()
        return shortened(visible(message), LONGEST_MESSAGE) if self.name.startswith("nasctl.") else message


def print_diagnostics(diagnostics: Sequence[Diagnostic]) -> None:
    """Prints the diagnostics of space files on standard error, separated by empty lines."""
    printer = progress()
    for diagnostic in diagnostics:
        text = literal(f"{diagnostic}\n", lines=True)
        text.highlight_regex(r"(?<=: )error(?=: )", "bold red")
        text.highlight_regex(r"(?<=: )(warning|note)(?=: )", "bold yellow")
        text.highlight_regex(r"(?m)^ *\| *\^+", "bold red")
        text.highlight_regex(r"(?m)^ +=.*$", "bold")
        printer.drawing(text.append("\n"))
