"""`nasctl grammar`: prints the grammar of a dialect."""

from __future__ import annotations

from typing import Annotated

import typer

from nasctl.cli.console import print_document, print_json, results
from nasctl.cli.options import Json


def grammar(
    dialect: Annotated[
        str | None,
        typer.Argument(metavar="DIALECT", help="A dialect. Default: list all dialects.", show_default=False),
    ] = None,
    json: Json = False,
) -> None:
    """Print the Lark grammar of a dialect and the rules that all dialects share, or list the dialects.

    With --json, prints one JSON document.

    Example: nasctl grammar cnn
    """
    from nasctl.dialects import dialect_named, dialect_names
    from nasctl.files import read_text
    from nasctl.resources import grammar_folder

    if dialect is None:
        dialects = [dialect_named(name) for name in dialect_names()]
        if json:
            print_json(
                [
                    {"dialect": item.name, "summary": item.summary, "grammar": str(item.grammar)}
                    for item in dialects
                ]
            )
            return
        widest = max(len(item.name) for item in dialects)
        for item in dialects:
            results().line(f"{item.name:{widest}}  {item.summary}")
        return
    description = dialect_named(dialect)
    shared = grammar_folder() / "common.lark"
    texts = {path.name: read_text(path) for path in (description.grammar, shared)}
    if json:
        print_json({"dialect": description.name, "files": texts})
        return
    for name, text in texts.items():
        print_document(f"// {name}\n\n{text}\n")
