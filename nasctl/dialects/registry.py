"""Finds dialects by name in an entry point group, which contains those of nasctl and of other packages."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points

from nasctl.dialects.dialect import Dialect
from nasctl.dsl.diagnostics import suggestion
from nasctl.errors import NasctlError
from nasctl.foreign_text import message_of

GROUP = "nasctl.dialects"
"""The entry point group. Each entry point is a `Dialect`."""


@cache
def _entries() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def dialect_names() -> tuple[str, ...]:
    """Names of the installed dialects."""
    return tuple(sorted(_entries()))


@cache
def dialect_named(name: str) -> Dialect:
    """The dialect of a name.

    Raises:
      NasctlError: No such dialect is installed, or its package cannot be imported.
    """
    entry = _entries().get(name)
    if entry is None:
        raise NasctlError(f"there is no dialect `{name}`", hint=suggestion(name, dialect_names()))
    try:
        dialect = entry.load()
    except Exception as error:
        raise NasctlError(
            f"the dialect `{name}` ({entry.value}) cannot be loaded: {message_of(error)}",
            hint="reinstall its package",
        ) from error
    if not isinstance(dialect, Dialect):
        raise NasctlError(
            f"the entry point `{entry.value}` of dialect `{name}` is not a nasctl.dialects.Dialect"
        )
    return dialect
