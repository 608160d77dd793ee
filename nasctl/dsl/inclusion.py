"""Puts a file and what it includes together: what a file says itself takes precedence over what it includes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nasctl.dsl.diagnostics import Note, Problems
from nasctl.dsl.files import find_space, read_source
from nasctl.dsl.source import Source, Span
from nasctl.dsl.syntax import Include, SpaceFile, Statement
from nasctl.errors import NasctlError


@dataclass(frozen=True)
class Gathered:
    """A file with its includes resolved.

    Attributes:
      statements: Those that count, in order.
      text: A text with the same meaning and no includes.
    """

    statements: tuple[Statement, ...]
    text: str


Chain = tuple[tuple[Path, Span | None], ...]
"""The files that are being read, each with the `include` that asked for it; the first was asked for by nobody."""


def gather(source: Source, parse: Callable[[Source], SpaceFile | None], problems: Problems) -> Gathered:
    """Reads a source and, in place of each `include`, what that file says.

    A statement of an included file is dropped where the including file has one with the same `subject`: a `let` of
    the same name, the same section of settings, another `layers`.
    """
    return _gather(source, parse, problems, ((Path(source.path).resolve(), None),), set())


def _gather(
    source: Source,
    parse: Callable[[Source], SpaceFile | None],
    problems: Problems,
    chain: Chain,
    seen: set[Path],
) -> Gathered:
    file = parse(source)
    if file is None:
        return Gathered((), source.text)
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
        inner = _gather(inner_source, parse, problems, (*chain, (path, item.path.span)), seen)
        kept = [node for node in inner.statements if node.subject not in taken]
        statements.extend(kept)
        text.append("\n".join(node.span.text for node in kept))
    text.append(source.text[at:])
    return Gathered(tuple(statements), "".join(text))


def _read(
    item: Include, source: Source, problems: Problems, chain: Chain, seen: set[Path]
) -> tuple[Path, Source] | None:
    """The included file; None when it is an error, or was included before."""
    beside = Path(source.path).parent / item.path.value
    try:
        path = beside if beside.is_file() else find_space(item.path.value)
        path = path.resolve()
        read = read_source(path)
    except NasctlError as error:
        notes = [
            Note(f"beside this file: there is no {beside}"),
            Note("among the spaces that ship: none of that name"),
        ]
        hint = error.hint if "did you mean" in error.hint else ""
        problems.error(
            item.path.span, error.message, hint=hint, notes=notes if "no file" in error.message else ()
        )
        return None
    except ValueError:
        problems.error(item.path.span, "this is no name of a file")
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
    return path, Source(str(beside if beside.is_file() else path), read.text)
