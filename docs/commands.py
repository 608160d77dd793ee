"""Prints docs/commands.md, read from the code: what each command does and takes, and every setting."""

import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import typer

from nasctl.cli.main import app
from nasctl.config import SECTIONS

WIDTH = 100
"""Characters in a line of prose."""


def section(name: str, command: Any) -> str:
    """Returns the section of one command: its description, a table of its options, and its example."""
    text = inspect.cleandoc(command.callback.__doc__)
    description, _, example = text.rpartition("\n\n")
    parts = [f"## nasctl {name}", *(textwrap.fill(part, WIDTH) for part in description.split("\n\n"))]
    arguments = [item for item in command.params if item.param_type_name == "argument"]
    options = [item for item in command.params if item.param_type_name == "option"]
    rows = [(f"`{escaped(argument.metavar or argument.name)}`", argument.help) for argument in arguments]
    rows += [
        (f"`{' '.join(option_words(option))}`", option_text(option))
        for option in options
        if option.name != "help"
    ]
    parts.append(
        "\n".join(
            ["| argument or option | |", "| --- | --- |", *(f"| {left} | {right} |" for left, right in rows)]
        )
    )
    examples = example.removeprefix("Example:").strip().splitlines()
    parts.append("```bash\n" + "\n".join(line.strip() for line in examples) + "\n```")
    return "\n\n".join(parts)


def option_text(option: Any) -> str:
    """Returns the help of an option with its default, unless the option is a flag or hides its default."""
    hidden = option.is_flag or not option.show_default or option.default is None
    return str(option.help) if hidden else f"{option.help} Default: {written(option.default)}."


def option_words(option: Any) -> list[str]:
    """Returns how an option is written: its name, and its value unless it is a flag."""
    takes = [] if option.is_flag else [option.metavar or option.name.upper()]
    return [escaped(word) for word in (option.opts[0], *takes)]


def escaped(word: str) -> str:
    """Returns a word for a cell of a Markdown table."""
    return word.replace("|", "\\|")


def leaves(commands: Any, group: str = "") -> Iterator[tuple[str, Any]]:
    """Yields each command with its full name: `data list` for the command `list` of the group `data`."""
    for name, command in commands.items():
        if hasattr(command, "commands"):
            yield from leaves(command.commands, f"{group}{name} ")
        else:
            yield f"{group}{name}", command


def settings(name: str, schema: Any) -> str:
    """Returns the table of the settings of one section."""
    described = inspect.cleandoc(schema.__doc__).partition("Attributes:\n")[2]
    texts = {
        key: " ".join(text.split())
        for key, text in re.findall(r"^  (\w+): (.*(?:\n    .*)*)", described, re.MULTILINE)
    }
    rows = [
        f"| `{name}.{item.name}` | {written(item.default)} | {item.metadata.get('bounds', '')} "
        f"| {texts[item.name]} |"
        for item in fields(schema)
    ]
    return "\n".join(["| setting | default | numbers | |", "| --- | --- | --- | --- |", *rows])


def written(default: object) -> str:
    """Returns a default as a user would write it; empty if the default is empty."""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`" if default != "" else ""


def main() -> None:
    """Prints the page."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    print(
        "# Commands\n\nThis page is generated from the help texts of nasctl. `nasctl COMMAND --help` prints the same."
        "\nResults go to standard output, progress and errors to standard error.\n\n"
        "| exit code | meaning |\n| --- | --- |\n| 0 | the command succeeded |\n| 1 | the work failed |\n"
        "| 2 | the input was wrong |\n| 130 | the command was interrupted |\n"
        "| 141 | the program that reads the output has ended |\n"
    )
    print("\n\n".join(section(name, command) for name, command in leaves(commands)))
    print(
        "\n## Settings\n\nSet them with `--set SECTION.KEY=VALUE`, or in a space file: `training { epochs 10 }`."
        "\nA setting in a space file takes precedence over the default below, and `--set` over both.\n"
    )
    print("\n\n".join(settings(name, schema) for name, schema in SECTIONS.items()))


main()
