"""The standard streams of the command line: what they cannot encode, what ends them, and who may write to them."""

from __future__ import annotations

import codecs
import io
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, TextIO

from nasctl.errors import WorkFailed
from nasctl.process import may_configure

_FALLBACK = "nasctl.fallback"
_PLAIN = {
    **dict.fromkeys("╰╭├╯┴╮┤┬┼", "+"),
    **dict.fromkeys("╵╷│", "|"),
    **dict.fromkeys("╶╴─━–—", "-"),
    **dict(zip("▁▂▃▄▅▆▇█▼◀▶▲·•×µ", "_.-:=+*#v<>^-*xu", strict=True)),
    "→": "->",
    "←": "<-",
    "…": "...",
    "±": "+-",
    "≤": "<=",
    "≥": ">=",
}
"""What stands for characters that nasctl prints and that the encoding of a stream lacks."""

NARROWEST = 40
"""Columns of a terminal in which tables can be read. A narrower terminal wraps them itself."""
WIDEST = 10_000
"""Columns or lines that a terminal may have."""

_results: TextIO | None = None


class OutputFailed(WorkFailed):
    """The results cannot be written to standard output, for example because the disk is full."""


class PipeClosed(WorkFailed):
    """The program that reads the output has ended. The exit code is that of a program that SIGPIPE (13) ends."""

    exit_code = 128 + 13


def prepare_streams() -> None:
    """Makes every write to the standard streams possible, or an error that names the stream.

    A stream that is closed is opened again, so that no file of the process gets its number: standard output as one
    that cannot be written, standard error as one that drops what is written. Characters that the encoding of a stream
    lacks are replaced by similar ones or by escapes.
    """
    codecs.register_error(_FALLBACK, _replacement)
    for number, name, flags, mode in (
        (0, "stdin", os.O_RDONLY, "r"),
        (1, "stdout", os.O_RDONLY, "w"),
        (2, "stderr", os.O_WRONLY, "w"),
    ):
        if getattr(sys, name) is None:
            setattr(sys, name, _reopened(number, flags, mode))
            setattr(sys, f"__{name}__", getattr(sys, name))
    if sys.stdout is sys.__stdout__ and sys.stdout is not None:
        sys.stdout = ResultStream(sys.stdout)
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors=_FALLBACK)


def prepare_terminal() -> None:
    """Removes sizes from the environment that no terminal has, and makes output at least `NARROWEST` columns wide.

    Rich and Typer read these variables: a width of 0 would hide all output, and they do not expect other texts than
    numbers.
    """
    for name in ("COLUMNS", "LINES", "TERMINAL_WIDTH"):
        if name in os.environ and not _is_size(os.environ[name]):
            del os.environ[name]
    for name in ("COLUMNS", "TERMINAL_WIDTH"):
        if name in os.environ:
            os.environ[name] = str(max(int(os.environ[name]), NARROWEST))
    if 0 < shutil.get_terminal_size().columns < NARROWEST:
        os.environ["COLUMNS"] = str(NARROWEST)


def keep_output_for_json() -> None:
    """From now on, only `json_stream` writes to standard output; what anything else prints goes to standard error.

    This includes prints of evaluators and libraries, at any time and also by C code. Has no effect in a process that
    nasctl may not configure.
    """
    global _results
    if _results is not None or not may_configure():
        return
    with output_errors():
        sys.stdout.flush()
        _results = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)


def json_stream() -> TextIO:
    """The stream for JSON documents: standard output."""
    return _results or sys.stdout


@contextmanager
def output_errors() -> Iterator[None]:
    """Converts errors of writes to standard output.

    Raises:
      PipeClosed: Nothing reads the output any more.
      OutputFailed: It cannot be written.
    """
    try:
        yield
    except BrokenPipeError as error:
        raise PipeClosed("nothing reads the output any more") from error
    except OSError as error:
        raise OutputFailed(
            f"standard output cannot be written: {error.strerror or error}",
            hint="redirect it to a file on a disk with free space, or to a program that reads it",
        ) from error


def close_output() -> None:
    """Writes what is still buffered for standard output.

    Raises:
      PipeClosed, OutputFailed: As for `output_errors`.
    """
    with output_errors():
        for stream in (sys.stdout, _results):
            if stream is not None:
                stream.flush()


def drop_output() -> None:
    """Drops what is still buffered for standard output, so that Python does not try to write it when it ends."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, _results):
            if stream is not None:
                os.dup2(nowhere, stream.fileno())


class ResultStream(io.TextIOWrapper):
    """Standard output. Errors of writes are those of `output_errors`, whatever writes.

    Args:
      stream: The stream of Python, which is not used from then on.
    """

    def __init__(self, stream: TextIO) -> None:
        file = open(stream.fileno(), "wb", closefd=False)  # noqa: SIM115
        super().__init__(file, stream.encoding, _FALLBACK, line_buffering=stream.isatty())

    def write(self, text: str) -> int:
        """Writes a text."""
        with output_errors():
            return super().write(text)

    def flush(self) -> None:
        """Writes what is buffered."""
        with output_errors():
            super().flush()


class ProgressStream(io.TextIOBase):
    """Standard error, for progress. What cannot be written is dropped: a full disk does not end a search.

    Raises:
      PipeClosed: Nothing reads it any more.
    """

    def __init__(self) -> None:
        # Rich replaces standard error while it shows a live view.
        self._stream: TextIO = getattr(sys.stderr, "rich_proxied_file", sys.stderr)

    def write(self, text: str) -> int:
        """Writes a text."""
        with self._dropped():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Writes what is buffered."""
        with self._dropped():
            self._stream.flush()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The number of its file."""
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Its encoding."""
        return self._stream.encoding

    @staticmethod
    @contextmanager
    def _dropped() -> Iterator[None]:
        try:
            yield
        except BrokenPipeError as error:
            raise PipeClosed("nothing reads the output any more") from error
        except OSError:
            pass


def _is_size(text: str) -> bool:
    return re.fullmatch("[0-9]{1,5}", text) is not None and 0 < int(text) <= WIDEST


def _reopened(number: int, flags: int, mode: str) -> IO[str]:
    try:
        os.fstat(number)
    except OSError:  # no file has taken the number yet
        opened = os.open(os.devnull, flags)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)
    return open(number, mode, encoding="utf-8", closefd=False)


def _replacement(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    return "".join(_PLAIN.get(c) or c.encode("unicode_escape").decode() for c in characters), error.end
