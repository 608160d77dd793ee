"""`nasctl compare`: compares runs with each other, and recurrent cells with well-known ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasctl.cli.console import Column, Part, Styled, print_json, progress, results
from nasctl.cli.options import (
    DataDir,
    ExampleCount,
    Fit,
    ImageSize,
    Json,
    Settings,
    data_settings,
    range_of,
    read_folder,
    read_settings,
)
from nasctl.cli.trial_text import format_reward
from nasctl.errors import NasctlError
from nasctl.metrics import format_measure
from nasctl.settings import check_setting

if TYPE_CHECKING:
    from nasctl.engine import Run
    from nasctl.engine.comparison import Interval, RunGroup, RunSummary
    from nasctl.engine.comparison.baselines import BaselineResult


CONTROLLERS = "random,local,reinforce"
SEEDS = 3


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN…|SPACE",
            help="Run folders, or one space file to search with each controller and seed.",
            show_default=False,
        ),
    ],
    controllers: Annotated[
        str | None,
        typer.Option(
            "--controllers",
            metavar="A,B,…",
            help=f"With a space: the controllers that search it. Default: {CONTROLLERS}.",
            show_default=False,
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help=f"With a space: the number of searches of each controller. Default: {SEEDS}.",
            show_default=False,
            min=1,
            max=1_000,
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="With a space: the number of trials of each search.",
            show_default=False,
            **range_of("search", "trials"),
        ),
    ] = None,
    evaluator: Annotated[
        str | None,
        typer.Option(metavar="MODULE:FUNCTION", help="With a space: as for search.", show_default=False),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="With a space: as for search. With --baselines: where the data set of the run is now.",
            show_default=False,
        ),
    ] = None,
    image_size: ImageSize = None,
    fit: Fit = None,
    examples: ExampleCount = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            parser=read_folder,
            help="With a space: the folder of the runs, where existing runs are resumed. Default: runs/compare-NAME.",
            show_default=False,
        ),
    ] = None,
    settings: Settings = None,
    baselines: Annotated[
        bool,
        typer.Option(
            "--baselines",
            help="Also train an LSTM, a GRU and a vanilla RNN with the settings of the first run and the number of "
            "parameters of its best cell; takes as long as three trials.",
        ),
    ] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Compare searches at equal numbers of trials: searchers over several seeds, with 95 % confidence intervals.

    Compares existing runs, or searches a space first. With --baselines, also compares a recurrent cell with well-known
    ones.

    Example: nasctl compare runs/cnn runs/cnn-2
    """
    from nasctl.engine import Run
    from nasctl.engine.comparison import compare_runs, differences, group_runs
    from nasctl.engine.comparison.baselines import train_baselines

    options: dict[str, tuple[str, object]] = {
        **data_settings(image_size, fit, examples),
        "search.trials": ("--trials", trials),
    }
    if len(runs) == 1 and not (runs[0] / "run.json").is_file() and runs[0].suffix == ".nas":
        compared_runs = _search_all(
            str(runs[0]),
            (controllers or CONTROLLERS).split(","),
            seeds or SEEDS,
            out,
            {
                "trials": trials,
                "evaluate": evaluator,
                "dataset": dataset,
                "data_dir": data_dir,
                "settings": read_settings(settings, options),
            },
        )
    else:
        _refuse_options_of_searches(
            [
                *options.values(),
                ("--controllers", controllers),
                ("--seeds", seeds),
                ("--evaluator", evaluator),
                ("--out", out),
                ("--set", settings),
                ("--dataset", None if baselines else dataset),
            ]
        )
        compared_runs = [Run(folder) for folder in runs]
    numbers, summaries = compare_runs(compared_runs)
    groups = group_runs(summaries)
    baseline_results: list[BaselineResult] = []
    if baselines:
        with progress().steps("training the baselines"):
            baseline_results = list(train_baselines(compared_runs[0], dataset=dataset, data_dir=data_dir))
    if json:
        print_json(
            {
                "at_trials": numbers,
                "differences": differences(summaries),
                "runs": [asdict(summary) for summary in summaries],
                "controllers": [asdict(group) for group in groups],
                "baselines": [asdict(result) for result in baseline_results],
            }
        )
        return
    _print_runs(numbers, summaries)
    if different := differences(summaries):
        results().line(f"These runs differ in {', '.join(different)}, so their rewards cannot be compared.")
    if len(groups) < len(summaries):
        _print_groups(numbers, groups)
    if baseline_results:
        _print_baselines(summaries[0], baseline_results)


def _refuse_options_of_searches(options: Sequence[tuple[str, object]]) -> None:
    """Refuses options that only a comparison of new searches uses: runs were searched before."""
    given = [option for option, value in options if value is not None]
    if given:
        raise NasctlError(
            f"{', '.join(given)} cannot be used when runs are compared",
            hint="leave them out, or name one space file to search it",
        )


def _search_all(
    space: str, controllers: Sequence[str], seeds: int, out: Path | None, options: dict[str, Any]
) -> list[Run]:
    """Searches with each controller and seed."""
    from nasctl.dialects import load_space
    from nasctl.engine.comparison import check_different, comparison_runs
    from nasctl.settings import resolve
    from nasctl.store import RUNS

    loaded = load_space(space)
    if options["trials"] is None:
        options["trials"] = resolve(loaded.defaults, options["settings"]).search.trials
    check_different("the controller", controllers)
    for controller in controllers:
        check_setting("controller", "kind", controller)
    printer = progress()
    runs: list[Run] = []
    for run in comparison_runs(loaded, controllers, seeds, out or RUNS / f"compare-{loaded.name}", **options):
        best = "no complete trial" if run.best is None else f"best reward {_reward(run.best.reward)}"
        printer.line(f"{run.folder}: {run.stopped}, {best}")
        runs.append(run)
    return runs


def _print_groups(numbers: Sequence[int], groups: Sequence[RunGroup]) -> None:
    """Prints searchers, averaged over their seeds, the best first."""
    measured = [*(f"best of {number}" for number in numbers), f"mean of {numbers[-1]}"]
    columns = [Column("controller"), Column("seeds", right=True)]
    columns += [Column(name, right=True, breaks=False) for name in measured]
    printer = results()
    printer.line()
    printer.line("Mean reward over the seeds, with its 95 % confidence interval:")
    printer.table(
        columns,
        [
            (group.controller, str(group.seeds), *map(_interval, (*group.best_so_far, group.mean)))
            for group in groups
        ],
    )


def _interval(found: Interval | None) -> str:
    if found is None:
        return ""
    return _reward(found.mean) + ("" if found.half is None else f" ± {_reward(found.half)}")


def _print_runs(numbers: Sequence[int], summaries: Sequence[RunSummary]) -> None:
    metric = next((summary.metric for summary in summaries if summary.metric), "")
    columns = [Column("run"), Column("controller", breaks=False)]
    columns += [
        Column(name, right=True, breaks=False) for name in ("trials", "best", *([metric] if metric else []))
    ]
    columns += [Column(f"best of {number}", right=True) for number in numbers]
    columns += [Column(f"mean of {numbers[-1]}", right=True)]
    rows = [
        (
            summary.run,
            summary.controller,
            str(summary.trials),
            _reward(summary.best),
            *([_measured(metric, summary.measured)] if metric else []),
            *map(_reward, summary.best_so_far),
            _reward(summary.mean[-1]),
        )
        for summary in summaries
    ]
    results().table(columns, rows)


def _print_baselines(run: RunSummary, known: Sequence[BaselineResult]) -> None:
    """Prints the best cell of a run and the well-known cells, the best first."""
    metric = known[0].metric
    rows: list[tuple[Part, int, float, float]] = [
        (result.name, result.params, result.reward, result.validation) for result in known
    ]
    rows.append(
        (
            Styled(f"the best of {run.run}", "bold"),
            int(run.params or 0),
            run.best or 0.0,
            run.measured or 0.0,
        )
    )
    columns = [Column("cell")]
    columns += [Column(name, right=True) for name in ("parameters", f"validation {metric}", "reward")]
    printer = results()
    printer.line()
    printer.line(
        "Cells with equal numbers of parameters, trained with the same settings on the same data, best first:"
    )
    printer.table(
        columns,
        [
            (name, f"{params:,}", format_measure(metric, validation), _reward(reward))
            for name, params, reward, validation in sorted(rows, key=lambda row: -row[2])
        ],
    )


def _reward(reward: float | None) -> str:
    return "" if reward is None else format_reward(reward)


def _measured(metric: str, value: float | None) -> str:
    return "" if value is None else format_measure(metric, value)
