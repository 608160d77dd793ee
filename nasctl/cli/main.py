"""The command `nasctl`: its subcommands, and the conversion of errors to messages and exit codes."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from typing import Annotated

import typer

from nasctl import __version__
from nasctl.cli.check import check
from nasctl.cli.compare import compare
from nasctl.cli.console import print_error
from nasctl.cli.describe import describe
from nasctl.cli.eval import evaluate
from nasctl.cli.fmt import fmt
from nasctl.cli.grammar import grammar
from nasctl.cli.render import render
from nasctl.cli.sample import sample
from nasctl.cli.search import search
from nasctl.cli.status import status
from nasctl.cli.train import train
from nasctl.cli.trials import trials
from nasctl.errors import NasctlError
from nasctl.process import allow_configuration

app = typer.Typer(
    name="nasctl",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

SEARCHING = "Find an architecture"
LANGUAGE = "Write a search space"

app.command(rich_help_panel=SEARCHING)(search)
app.command(rich_help_panel=SEARCHING)(status)
app.command(rich_help_panel=SEARCHING)(trials)
app.command(rich_help_panel=SEARCHING)(compare)
app.command(rich_help_panel=SEARCHING)(render)
app.command(rich_help_panel=SEARCHING)(train)
app.command("eval", rich_help_panel=SEARCHING)(evaluate)
app.command(rich_help_panel=LANGUAGE)(check)
app.command(rich_help_panel=LANGUAGE)(fmt)
app.command(rich_help_panel=LANGUAGE)(describe)
app.command(rich_help_panel=LANGUAGE)(sample)
app.command(rich_help_panel=LANGUAGE)(grammar)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"nasctl {__version__}")
        raise typer.Exit


@app.callback()
def nasctl(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Neural architecture search: describe a search space, and a controller learns to sample good networks from it.

    Start with: nasctl search spaces/cnn.nas
    """


def run() -> None:
    """Runs the command line and exits.

    The exit code is 0 (done), 1 (the work failed), 2 (invalid input) or 130 (interrupted).
    """
    allow_configuration()
    try:
        app()
    except NasctlError as error:
        print_error(error)
        sys.exit(error.exit_code)
    except Exception as error:
        if os.environ.get("NASCTL_DEBUG"):
            raise
        sys.exit(_report_bug(error))


def _report_bug(error: Exception) -> int:
    with tempfile.NamedTemporaryFile("w", prefix="nasctl-", suffix=".log", delete=False) as log:
        traceback.print_exception(error, file=log)
    print_error(NasctlError(f"this is a bug in nasctl: {error!r}", hint=f"the traceback is in {log.name}"))
    return 1
