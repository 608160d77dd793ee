"""Finds, in source code, ways to print, to quote and to write JSON that are not the one for it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

CONSOLE, STREAMS = "cli/console.py", "cli/streams.py"
SIGNALS = "interruption.py"  # ends the process, with one word on standard error
VIEW, TERMINAL = "cli/search_view.py", "render/terminal.py"
QUOTING, JSON = "foreign_text.py", "files/json_text.py"

RICH = {
    VIEW: {"Group", "RenderableType", "Live", "ProgressBar"},
    TERMINAL: {"Text"},
}
"""What files other than the console may import from Rich: layouts, and the text of a drawing."""

WRITERS = ("dump", "dumps", "JSONEncoder")
MARKUP = ("from_markup", "render_str", "from_ansi")
OUTPUTS = ("stdout", "stderr", "__stdout__", "__stderr__")
PATH_OPTIONS = r"(?:--(?:out|checkpoint|data[-_]dir|init)|-o|--tokens)[ =]$"
COMMANDS = (
    r"(?:nasctl (?:search|status|trials|compare|render|train|eval|check|fmt|describe|sample)|tfds build)\b"
)
QUOTERS = ("shell_word", "shell_command")


def offences(source: str, file: str) -> list[str]:
    """The lines of a file that print, quote or write JSON in another way than through the file that is for it.

    Args:
      source: The source code.
      file: Path of the file in the package.
    """
    tree = ast.parse(source)
    return [f"{file}:{line}: {what}" for line, what in sorted(set(_found(tree, file)))]


def all_offences(package: Path) -> list[str]:
    """The offences of all files of a package."""
    return [
        offence
        for path in sorted(package.rglob("*.py"))
        for offence in offences(path.read_text(encoding="utf-8"), path.relative_to(package).as_posix())
    ]


def _found(tree: ast.Module, file: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="print")):
                yield node.lineno, "print"
            case ast.Call(func=ast.Attribute(attr="echo" | "secho")):
                yield node.lineno, "echo"
            case ast.Attribute(value=ast.Name(id="sys"), attr=attr) if attr in OUTPUTS:
                if file not in (CONSOLE, STREAMS, SIGNALS):
                    yield node.lineno, f"sys.{attr}"
            case ast.Call(func=ast.Attribute(value=ast.Name(id="os"), attr="write")):
                yield node.lineno, "os.write"
            case ast.Attribute(value=ast.Name(id="json"), attr=attr) if attr in WRITERS:
                if file != JSON:
                    yield node.lineno, f"json.{attr}"
            case ast.Attribute(attr=attr) if attr in MARKUP:
                yield node.lineno, attr
            case ast.keyword(arg="markup" | "emoji", value=ast.Constant(value=True)):
                yield node.value.lineno, "markup"
            case ast.Import(names=names):
                yield from ((node.lineno, what) for name in names for what in _module(name.name, file))
            case ast.ImportFrom(module=str() as module, names=names):
                yield from (
                    (node.lineno, what) for name in names for what in _import(module, name.name, file)
                )
            case ast.JoinedStr():
                yield from _commands(node)
            case ast.BinOp(left=ast.Constant(value=str() as text), op=ast.Add() | ast.Mod()):
                if re.search(COMMANDS, text):
                    yield node.lineno, "a command that is not quoted"
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str() as text), attr="format")):
                if re.search(COMMANDS, text):
                    yield node.lineno, "a command that is not quoted"
            case _:
                pass


def _module(module: str, file: str) -> Iterator[str]:
    if module.partition(".")[0] == "rich" and file != CONSOLE:
        yield f"import {module}"
    if module == "shlex" and file != QUOTING:
        yield "import shlex"


def _import(module: str, name: str, file: str) -> Iterator[str]:
    if module.partition(".")[0] == "rich" and file != CONSOLE and name not in RICH.get(file, ()):
        yield f"{name} of Rich"
    if module == "rich.markup":
        yield f"{name} of rich.markup"
    if module == "json" and file != JSON and name in WRITERS:
        yield f"json.{name}"
    if module == "shlex" and file != QUOTING:
        yield f"shlex.{name}"
    if module == "sys" and name in OUTPUTS:
        yield f"sys.{name}"


def _commands(text: ast.JoinedStr) -> Iterator[tuple[int, str]]:
    """Values in a command to suggest that are not quoted for a shell."""
    before = ""
    for part in text.values:
        match part:
            case ast.Constant(value=str() as words):
                before += words
            case ast.FormattedValue(value=ast.Call(func=ast.Name(id=name))) if name in QUOTERS:
                before += "\0"
            case ast.FormattedValue():
                quoted_words = before.rpartition("`")[2]
                if re.search(COMMANDS, quoted_words) or re.search(PATH_OPTIONS, before):
                    yield text.lineno, "a command that is not quoted"
                before += "\0"
            case _:
                pass
