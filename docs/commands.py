"""Prints docs/commands.md: what every command does and takes, and every setting, read from the program itself."""

import inspect
import re
from dataclasses import fields
from typing import Any

import typer

from nasctl.cli.main import app
from nasctl.config import SECTIONS


def section(name: str, command: Any) -> str:
    """The part of the page that describes one command."""
    text = inspect.cleandoc(command.callback.__doc__)
    said, _, example = text.rpartition("\n\n")
    parts = [f"## nasctl {name}", said]
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    options = [parameter for parameter in command.params if parameter.param_type_name == "option"]
    rows = [(f"`{parameter.metavar or parameter.name}`", parameter.help) for parameter in arguments]
    rows += [
        (f"`{' '.join(option_words(option))}`", option.help) for option in options if option.name != "help"
    ]
    parts.append("\n".join(["| | |", "| --- | --- |", *(f"| {left} | {right} |" for left, right in rows)]))
    examples = example.removeprefix("Example:").strip().splitlines()
    parts.append("```bash\n" + "\n".join(line.strip() for line in examples) + "\n```")
    return "\n\n".join(parts)


def option_words(option: Any) -> list[str]:
    """How an option is written: its name, and what it takes."""
    takes = [] if option.is_flag else [option.metavar or option.name.upper()]
    return [option.opts[0].replace("|", "\\|"), *(word.replace("|", "\\|") for word in takes)]


def settings(name: str, schema: Any) -> str:
    """The part of the page that lists the settings of one section."""
    described = inspect.cleandoc(schema.__doc__).partition("Attributes:\n")[2]
    texts = {
        key: " ".join(text.split())
        for key, text in re.findall(r"^  (\w+): (.*(?:\n    .*)*)", described, re.MULTILINE)
    }
    rows = [
        f"| `{name}.{item.name}` | {written(item.default)} | {texts[item.name]} |" for item in fields(schema)
    ]
    return "\n".join(["| | default | |", "| --- | --- | --- |", *rows])


def written(default: object) -> str:
    """A default as a person would give it; nothing where it is empty."""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`" if default != "" else ""


def main() -> None:
    """Prints the page."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    print(
        "# Commands\n\nEach prints this with `--help`. Results go to standard output, progress and errors to standard "
        "error.\nExit codes: 0 done, 1 the work failed, 2 what was given was wrong, 130 interrupted.\n"
    )
    print("\n\n".join(section(name, command) for name, command in commands.items()))
    print(
        "\n## Settings\n\nWhat `--set SECTION.KEY=VALUE` takes, and a space file: `training { epochs 10 }`. "
        "Some spaces bring\nsettings of their own, which stand before these defaults.\n"
    )
    print("\n\n".join(settings(name, schema) for name, schema in SECTIONS.items()))


main()
