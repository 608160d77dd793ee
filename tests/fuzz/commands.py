"""Runs commands in this process, as `nasctl` does, and checks what every command promises."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import typer
from running import Captured

from nasctl.cli.console import escape_warnings, print_error
from nasctl.cli.main import app
from nasctl.errors import NasctlError

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
SURROGATE = re.compile("[\ud800-\udfff]")


def run_command(*arguments: str) -> tuple[int, str, str]:
    """Runs a command.

    Returns:
      The exit code, standard output and standard error.

    Raises:
      AssertionError: The output has control characters, or is not JSON although `--json` is given.
      Exception: What the command raises, if it is not an error for the user.
    """
    printed = Captured()
    code: Any = 0
    escape_warnings()
    with printed.streams():
        try:
            code = _command().main(list(arguments), prog_name="nasctl", standalone_mode=True)
        except SystemExit as end:
            code = end.code
        except NasctlError as error:
            print_error(error)
            code = error.exit_code
    output, errors = printed.output, printed.errors
    assert code in (None, 0, 1, 2), f"the exit code is {code}"
    assert not CONTROL.search(errors), "control characters on standard error"
    assert not CONTROL.search(output), "control characters on standard output"
    assert "bug in nasctl" not in errors, errors
    if code:
        assert errors.strip() or output.strip(), "nothing says why the command fails"
    elif "--json" in arguments and "--help" not in arguments and "-h" not in arguments:
        for line in output.splitlines():
            read_json(line)
    return int(code or 0), output, errors


def read_json(text: str) -> Any:
    """Reads JSON, which has no NaN and no infinities."""
    return json.loads(text, parse_constant=_refuse)


def strict_json(document: Any) -> str:
    """Writes JSON; AssertionError if it has NaN or infinities."""
    try:
        return json.dumps(document, allow_nan=False)
    except ValueError as error:
        raise AssertionError(f"it cannot be written as JSON: {error}") from error


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


@cache
def _command() -> Any:
    return typer.main.get_command(app)
