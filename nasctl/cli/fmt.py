"""`nasctl fmt`: formats space files."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from nasctl.cli.console import print_document, progress
from nasctl.errors import NasctlError
from nasctl.files import replace_file


def fmt(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE…", help="Space files. `-` reads standard input and prints the result."),
    ],
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing, and exit with code 1 if a file is not formatted."),
    ] = False,
) -> None:
    """Format space files in place. Comments are kept.

    Example: nasctl fmt my.nas
    """
    from nasctl.dialects.formatting import format_space
    from nasctl.dsl.files import LIMIT, read_source, source_of

    different = []
    for file in files:
        if file == "-":
            raw = sys.stdin.buffer.read(LIMIT + 1)
            if len(raw) > LIMIT:
                raise NasctlError(f"standard input has more than {LIMIT:,} bytes")
            source = source_of(raw, "<standard input>")
        elif not os.path.lexists(file):
            raise NasctlError(
                f"the file {file} does not exist", hint="fmt only formats files of your own, in place"
            )
        else:
            source = read_source(Path(file))
        formatted = format_space(source)
        if file == "-" and not check:
            print_document(formatted)
        elif formatted != source.text:
            different.append(file)
            if not check:
                replace_file(file, formatted, follow_link=True)
    for file in different:
        progress().line(f"{'would format' if check else 'formatted'} {file}")
    if check and different:
        raise typer.Exit(1)
