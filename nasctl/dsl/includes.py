"""Resolves `include` statements. The statements of a file take precedence over those that it includes."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nasctl.dsl.diagnostics import Note, Problems
from nasctl.dsl.files import find_space, read_source
from nasctl.dsl.source import Source, Span
from nasctl.dsl.syntax import Include, SpaceFile, Statement
from nasctl.errors import NasctlError


@dataclass(frozen=True)
class ResolvedFile:
    """A file with its includes resolved.

    Attributes:
      statements: The statements of the file and of its includes, in order.
      text: A text with the same meaning and without includes.
    """

    statements: tuple[Statement, ...]
    text: str


MOST_NESTED = 20
"""Greatest depth of files that include each other."""

Chain = tuple[tuple[Path, Span | None], ...]
"""The files that are being read, each with the span of the `include` that names it; None for the first file."""


def resolve_includes(
    source: Source, parse: Callable[[Source], SpaceFile | None], problems: Problems
) -> ResolvedFile:
    """Parses a file and replaces each `include` with the statements of the included file.

    A statement of an included file is dropped if the including file has one with the same `subject`: for example a
    `let` of the same name, or the same section of settings.

    Args:
      source: The file.
      parse: Parses one file; returns None if it has a syntax error.
      problems: Collects the errors.
    """
    return _resolve(source, parse, problems, ((Path(source.path).resolve(), None),), set())


def _resolve(
    source: Source,
    parse: Callable[[Source], SpaceFile | None],
    problems: Problems,
    chain: Chain,
    seen: set[Path],
) -> ResolvedFile:
    file = parse(source)
    if file is None:
        return ResolvedFile((), source.text)
    own = [item for item in file.statements if not isinstance(item, Include)]
    taken = {item.subject for item in own if item.subject}
    statements: list[Statement] = []
    text: list[str] = []
    at = 0
    for item in file.statements:
        if not isinstance(item, Include):
            statements.append(item)
            continue
        included = _read(item, source, problems, chain, seen)
        text.append(source.text[at : item.span.start])
        at = item.span.end
        if included is None:
            continue
        path, inner_source = included
        inner = _resolve(inner_source, parse, problems, (*chain, (path, item.path.span)), seen)
        kept = [node for node in inner.statements if node.subject not in taken]
        statements.extend(kept)
        text.append("\n".join(node.span.text for node in kept))
    text.append(source.text[at:])
    return ResolvedFile(tuple(statements), "".join(text))


def _read(
    item: Include, source: Source, problems: Problems, chain: Chain, seen: set[Path]
) -> tuple[Path, Source] | None:
    """Reads an included file; returns None if that is an error, or if the file was included before."""
    beside = Path(source.path).parent / item.path.value
    try:
        path = beside if os.path.isfile(beside) else find_space(item.path.value)
        path = path.resolve()
        read = read_source(path)
    except NasctlError as error:
        notes = [
            Note(f"looked for {beside}"),
            Note("looked among the spaces that come with nasctl"),
        ]
        hint = error.hint if "did you mean" in error.hint else ""
        problems.error(
            item.path.span, error.message, hint=hint, notes=notes if "does not exist" in error.message else ()
        )
        return None
    except (ValueError, OSError, RuntimeError):
        # A null character; a name that is too long; links in a circle
        problems.error(item.path.span, "this is not the name of a file")
        return None
    if len(chain) > MOST_NESTED:
        problems.error(item.path.span, f"files include each other more than {MOST_NESTED} deep")
        return None
    if any(path == earlier for earlier, _ in chain):
        problems.error(
            item.path.span,
            f"this includes {item.path.value}, which includes this file again",
            notes=[Note("it was included from here", span) for _, span in chain if span],
        )
        return None
    if path in seen:
        return None
    seen.add(path)
    return path, Source(str(beside if os.path.isfile(beside) else path), read.text)
