"""Finds and reads space files."""

from __future__ import annotations

import os
from pathlib import Path

from nasctl.dsl.characters import line_feeds
from nasctl.dsl.diagnostics import Diagnostic, SpaceError, suggestion
from nasctl.dsl.source import Source, Span
from nasctl.errors import NasctlError
from nasctl.files import read_bytes
from nasctl.resources import shipped_spaces

LIMIT = 2**20
"""Largest space file, in bytes."""


def find_space(path: str | Path) -> Path:
    """Finds a space file: the file at a path, or the space of this name that comes with nasctl.

    Raises:
      NasctlError: Neither exists.
    """
    file = Path(path)
    if os.path.lexists(file):
        if os.path.isdir(file):
            raise NasctlError(f"{file} is a folder, not a space file")
        return file
    shipped = shipped_spaces()
    shipped_file = shipped.get(file.as_posix()) or shipped.get(f"spaces/{file.name}")
    if shipped_file is None or file.is_absolute():
        raise NasctlError(f"the file {file} does not exist", hint=suggestion(file.as_posix(), shipped))
    return shipped_file


def read_source(path: Path) -> Source:
    """Reads a file.

    Raises:
      NasctlError: The file cannot be read.
      SpaceError: The file is not in UTF-8.
    """
    return source_of(read_bytes(path, limit=LIMIT), str(path))


def source_of(raw: bytes, path: str) -> Source:
    """The text of a file.

    Args:
      raw: The content of the file.
      path: The path that messages show.

    Raises:
      SpaceError: The content is not UTF-8.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        readable = Source(path, raw.decode("utf-8", errors="replace"))
        start = len(raw[: error.start].decode("utf-8", errors="replace"))
        problem = Diagnostic(
            f"the byte 0x{raw[error.start]:02x} here is not UTF-8",
            Span(readable, start, start + 1),
            "save the file as UTF-8",
        )
        raise SpaceError([problem]) from error
    return Source(path, line_feeds(text))
