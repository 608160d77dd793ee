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
from nasctl.cli.console import escape_warnings, print_document, print_error, print_usage_error, progress
from nasctl.cli.data import data
from nasctl.cli.describe import describe
from nasctl.cli.eval import evaluate
from nasctl.cli.fmt import fmt
from nasctl.cli.grammar import grammar
from nasctl.cli.render import render
from nasctl.cli.sample import sample
from nasctl.cli.search import search
from nasctl.cli.status import status
from nasctl.cli.streams import (
    OutputFailed,
    PipeClosed,
    close_output,
    drop_output,
    prepare_streams,
    prepare_terminal,
)
from nasctl.cli.train import train
from nasctl.cli.trials import trials
from nasctl.errors import NasctlError, WorkFailed
from nasctl.foreign_text import message_of
from nasctl.interruption import check as check_interruption
from nasctl.interruption import run_interruptible
from nasctl.jax_start import configuration_error
from nasctl.process import allow_configuration
from nasctl.progress import shown_by

app = typer.Typer(
    name="nasctl",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

USAGE_ERRORS = typer.BadParameter.__bases__
"""The errors of Typer for command lines that it cannot parse; it gives their common class no public name."""

SEARCHING = "Find an architecture"
LANGUAGE = "Write a search space"

app.command(rich_help_panel=SEARCHING)(search)
app.command(rich_help_panel=SEARCHING)(status)
app.command(rich_help_panel=SEARCHING)(trials)
app.command(rich_help_panel=SEARCHING)(compare)
app.command(rich_help_panel=SEARCHING)(render)
app.command(rich_help_panel=SEARCHING)(train)
app.command("eval", rich_help_panel=SEARCHING)(evaluate)
app.add_typer(data, rich_help_panel=SEARCHING)
app.command(rich_help_panel=LANGUAGE)(check)
app.command(rich_help_panel=LANGUAGE)(fmt)
app.command(rich_help_panel=LANGUAGE)(describe)
app.command(rich_help_panel=LANGUAGE)(sample)
app.command(rich_help_panel=LANGUAGE)(grammar)


def _print_version(wanted: bool) -> None:
    if wanted:
        print_document(f"nasctl {__version__}\n")
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

    The exit code is 0 (done), 1 (the work failed), 2 (invalid input), 130 (interrupted; 143 or 129 by SIGTERM or
    SIGHUP), or 141 (nothing reads the output any more).
    """
    run_interruptible(_run)


def _run() -> None:
    prepare_streams()
    prepare_terminal()
    escape_warnings()
    allow_configuration()
    sys.exit(_exit_code())


def _exit_code() -> int:
    """Runs a command, prints its error if there is one, and returns the exit code."""
    try:
        try:
            with shown_by(lambda what, steps: progress().work(what, steps)):
                code = int(app(prog_name="nasctl", standalone_mode=False) or 0)
        finally:
            close_output()
    except NasctlError as error:
        check_interruption()
        return _failed(error)
    except Exception as error:
        if isinstance(error, USAGE_ERRORS):
            print_usage_error(error)
            return 2
        check_interruption()
        if (invalid := configuration_error(error)) is not None:
            return _failed(invalid)
        if os.environ.get("NASCTL_DEBUG"):
            raise
        return _report_bug(error)
    return code


def _failed(error: NasctlError) -> int:
    if isinstance(error, OutputFailed | PipeClosed):
        drop_output()
    if not isinstance(error, PipeClosed):
        print_error(error)
    return error.exit_code


def _report_bug(error: Exception) -> int:
    trace = "".join(traceback.format_exception(error))
    try:
        with tempfile.NamedTemporaryFile("wb", prefix="nasctl-", suffix=".log", delete=False) as log:
            log.write(trace.encode("utf-8", "backslashreplace"))
        hint = f"the traceback is in {log.name}"
    except OSError:
        hint = f"the traceback, which cannot be written to a file, is:\n{trace}"
    text = f"this is a bug in nasctl: {type(error).__name__}: {message_of(error)}"
    return _failed(WorkFailed(text, hint=hint))
