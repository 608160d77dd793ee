"""`nasctl trials`: lists the trials of a run."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from nasctl.cli.console import Column, print_json, results
from nasctl.cli.options import Json, RunPath
from nasctl.cli.trial_text import format_reward, shown_cause
from nasctl.metrics import main_metric


def trials(
    run: RunPath,
    top: Annotated[
        int,
        typer.Option(
            "--top", metavar="N", min=0, help="List only the N best trials, best first. 0 lists all."
        ),
    ] = 0,
    json: Json = False,
) -> None:
    """List the trials of a run in the order of their numbers.

    With --json, prints one JSON object per trial, each on a line of its own: number, tokens, reward, status, metrics
    and more.

    Example: nasctl trials runs/cnn --top 5
    """
    from nasctl.store import RunFolder

    with closing(RunFolder.open(run).trials(read_only=True)) as store:
        shown = store.trials()
    if top:
        complete = [trial for trial in shown if trial.reward is not None]
        shown = sorted(complete, key=lambda trial: -(trial.reward or 0.0))[:top]
    if json:
        for trial in shown:
            print_json(trial.to_json())
        return

    metric = main_metric({name for trial in shown for name in trial.metrics}, "validation")
    epochs = {trial.metrics["epochs"] for trial in shown if "epochs" in trial.metrics}
    differ = len(epochs) > 1  # rewards after different numbers of epochs are not comparable
    columns = ("trial", "reward", *([metric.name] if metric else []), *(["epochs"] if differ else []))
    rows = []
    for trial in shown:
        measured = trial.metrics.get(f"validation_{metric.name}") if metric else None
        parameters = trial.metrics.get("params")
        status = trial.status if trial.reused is None else f"{trial.status}, as trial {trial.reused}"
        row = [
            str(trial.number),
            "" if trial.reward is None else format_reward(trial.reward),
            *([] if not metric else [""] if measured is None else [metric.format(measured)]),
            *([f"{trial.metrics.get('epochs', 0):.0f}"] if differ else []),
            "" if parameters is None else f"{parameters:,.0f}",
            f"{trial.seconds:.1f}",
            f"{status}: {shown_cause(trial)}" if trial.cause else status,
        ]
        rows.append(row)
    numbers = [Column(name, right=True) for name in (*columns, "parameters", "seconds")]
    results().table([*numbers, Column("status")], rows)
