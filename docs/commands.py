"""Prints docs/commands.md: the help of every command, as the program gives it."""

import contextlib
import io
import os

os.environ.update(COLUMNS="100", NO_COLOR="1", TERM="dumb", TERMINAL_WIDTH="100")

from nasctl.cli.main import app  # noqa: E402 the width is read on import


def help_text(*arguments: str) -> str:
    """What `nasctl ARGUMENTS --help` prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        app([*arguments, "--help"], prog_name="nasctl")
    return "\n".join(line.rstrip() for line in printed.getvalue().strip().splitlines())


print("# Commands\n\nThe help of every command, as `nasctl COMMAND --help` prints it. `just docs` brings it up to date.")
print("\n## nasctl\n\n```\n" + help_text() + "\n```")
for command in app.registered_commands:
    name = command.name or command.callback.__name__
    print(f"\n## nasctl {name}\n\n```\n{help_text(name)}\n```")
