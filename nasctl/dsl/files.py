"""Finds and reads space files."""

from __future__ import annotations

from pathlib import Path

from nasctl.dsl.diagnostics import Diagnostic, SpaceError, suggestion
from nasctl.dsl.source import Source, Span
from nasctl.errors import NasctlError
from nasctl.resources import shipped_spaces


def find_space(path: str | Path) -> Path:
    """Finds a space file: the file at a path, or the space of this name that comes with nasctl.

    Raises:
      NasctlError: Neither exists.
    """
    given = Path(path)
    if given.is_file():
        return given
    shipped = shipped_spaces()
    found = shipped.get(given.as_posix()) or shipped.get(f"spaces/{given.name}")
    if given.is_dir():
        raise NasctlError(f"{given} is a folder, not a space file")
    if found is None or given.is_absolute():
        raise NasctlError(f"the file {given} does not exist", hint=suggestion(given.as_posix(), shipped))
    return found


def read_source(path: Path) -> Source:
    """Reads a file.

    Raises:
      NasctlError: The file cannot be read.
      SpaceError: The file is not in UTF-8.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise NasctlError(f"{path} cannot be read: {error.strerror}") from error
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        readable = Source(str(path), raw.decode("utf-8", errors="replace"))
        start = len(raw[: error.start].decode("utf-8", errors="replace"))
        problem = Diagnostic(
            f"the byte 0x{raw[error.start]:02x} here is not UTF-8",
            Span(readable, start, start + 1),
            "save the file as UTF-8",
        )
        raise SpaceError([problem]) from error
    return Source(str(path), text.replace("\r\n", "\n"))
