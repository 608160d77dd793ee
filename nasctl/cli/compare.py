"""`nasctl compare`: runs side by side, and recurrent cells beside those that people know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasctl.cli.console import print_json, progress_console, result_console, shown
from nasctl.cli.options import DataDir, Json

if TYPE_CHECKING:
    from nasctl.engine.baselines import Measured
    from nasctl.engine.comparison import Standing


def compare(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN…", help="The folders of runs.", show_default=False)
    ],
    baselines: Annotated[
        bool,
        typer.Option(
            "--baselines",
            help="Train an LSTM, a GRU and a vanilla RNN as the first run trained its best cell, with as many "
            "parameters; takes as long as three trials.",
        ),
    ] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Compare runs at equal numbers of trials, and with --baselines a recurrent cell with those that people know.

    Example: nasctl compare runs/cnn runs/cnn-2
    """
    from nasctl.engine import Run
    from nasctl.engine.baselines import train_baselines
    from nasctl.engine.comparison import compare_runs

    given = [Run(folder) for folder in runs]
    numbers, standings = compare_runs(given)
    known: list[Measured] = []
    if baselines:
        progress = progress_console()
        with progress.status("training the baselines"):
            known = list(train_baselines(given[0], data_dir=data_dir))
    if json:
        print_json(
            {
                "at_trials": numbers,
                "runs": [asdict(standing) for standing in standings],
                "baselines": [asdict(measured) for measured in known],
            }
        )
        return
    _print_runs(numbers, standings)
    if known:
        _print_baselines(standings[0], known)


def _print_runs(numbers: Sequence[int], standings: Sequence[Standing]) -> None:
    from rich.table import Table

    metric = next((standing.metric for standing in standings if standing.metric), "")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("run", overflow="fold")
    table.add_column("controller", no_wrap=True)
    for column in ("trials", "best", *([metric] if metric else [])):
        table.add_column(column, justify="right", no_wrap=True)
    for number in numbers:
        table.add_column(f"best of {number}", justify="right")
    table.add_column(f"mean of {numbers[-1]}", justify="right")
    for standing in standings:
        table.add_row(
            standing.run,
            standing.controller,
            str(standing.trials),
            _reward(standing.best),
            *([_measured(metric, standing.measured)] if metric else []),
            *map(_reward, standing.best_so_far),
            _reward(standing.mean[-1]),
        )
    result_console().print(table)


def _print_baselines(found: Standing, known: Sequence[Measured]) -> None:
    """The best cell among those that people know, best first."""
    from rich.table import Table

    metric = known[0].metric
    rows = [(measured.name, measured.params, measured.reward, measured.validation) for measured in known]
    rows.append(
        (
            f"[bold]the best of {found.run}[/]",
            int(found.params or 0),
            found.best or 0.0,
            found.measured or 0.0,
        )
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("cell")
    for column in ("parameters", f"validation {metric}", "reward"):
        table.add_column(column, justify="right")
    for name, params, reward, validation in sorted(rows, key=lambda row: -row[2]):
        table.add_row(name, f"{params:,}", shown(metric, validation), f"{reward:.4f}")
    console = result_console()
    console.print("\nAll of one size, trained alike on the same data, best first:")
    console.print(table)


def _reward(reward: float | None) -> str:
    return "" if reward is None else f"{reward:.4f}"


def _measured(metric: str, value: float | None) -> str:
    return "" if value is None else shown(metric, value)
