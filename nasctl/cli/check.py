"""`nasctl check`: reports the errors and warnings of space files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nasctl.cli.console import print_json
from nasctl.cli.options import Json
from nasctl.errors import NasctlError

if TYPE_CHECKING:
    from nasctl.dsl import Problems
    from nasctl.space import Space


def check(
    spaces: Annotated[
        list[str],
        typer.Argument(
            metavar="SPACE…",
            help="Space files. A path that does not exist is looked up among the spaces that come with nasctl.",
            show_default=False,
        ),
    ],
    json: Json = False,
) -> None:
    """Check space files and print every error and warning with its location.

    The exit code is 2 if any file has errors. With --json, prints one JSON object per file, each on a line of its own.

    Example: nasctl check spaces/cnn.nas
    """
    faulty = False
    for path in spaces:
        space, problems, unreadable = _read(path)
        faulty = faulty or space is None
        if json:
            print_json(_document(path, space, problems, unreadable))
        else:
            _show(path, space, problems, unreadable)
    if faulty:
        raise typer.Exit(2)


def _read(path: str) -> tuple[Space | None, Problems, NasctlError | None]:
    """Reads a space file.

    Returns:
      The space, or None if the file has errors; the errors and warnings in the file; and the error if the file could
      not be read at all.
    """
    from pathlib import Path

    from nasctl.dialects.reading import read_space
    from nasctl.dsl import Problems, SpaceError
    from nasctl.dsl.files import find_space, read_source

    problems = Problems()
    try:
        file = find_space(path)
        return read_space(read_source(file), Path(file).stem, problems), problems, None
    except SpaceError as error:
        if not problems.found:
            problems.found.extend(error.diagnostics)
        return None, problems, None
    except NasctlError as error:
        return None, problems, error


def _document(path: str, space: Space | None, problems: Problems, unreadable: NasctlError | None) -> object:
    errors: list[object] = [item.to_json() for item in problems.errors]
    if unreadable is not None:
        errors.append(
            {"severity": "error", "file": path, "message": unreadable.message, "hint": unreadable.hint}
        )
    document: dict[str, object] = {
        "space": path,
        "ok": space is not None,
        "errors": errors,
        "warnings": [item.to_json() for item in problems.warnings],
    }
    if space is not None:
        document |= {"dialect": space.dialect, "decisions": len(space.decisions), "hash": space.hash}
    return document


def _show(path: str, space: Space | None, problems: Problems, unreadable: NasctlError | None) -> None:
    from nasctl.cli.console import print_diagnostics, print_error, results
    from nasctl.cli.quantities import counted
    from nasctl.dsl.diagnostics import MOST_ERRORS

    if unreadable is not None:
        print_error(unreadable)
        return
    diagnostics = sorted(
        (*problems.errors[:MOST_ERRORS], *problems.warnings),
        key=lambda item: (item.span.source.path, item.span.start),
    )
    print_diagnostics(diagnostics)
    errors, warnings = len(problems.errors), len(problems.warnings)
    counts = [counted(errors, "error")] if errors else []
    counts += [counted(warnings, "warning")] if warnings else []
    if space is None:
        results().line(f"{path}: {', '.join(counts)}")
    else:
        decisions = counted(len(space.decisions), "decision")
        results().line(f"{path}: {', '.join(counts) or 'no errors'}; {decisions}")
