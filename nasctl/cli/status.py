"""`nasctl status`: prints the state of a search, from any terminal."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime

from nasctl.cli.console import Part, Styled, print_json, results
from nasctl.cli.data_text import counted_examples
from nasctl.cli.options import Json, RunPath
from nasctl.cli.quantities import duration, sparkline
from nasctl.cli.trial_text import LONGEST_CAUSE, format_reward, trial_progress, trial_summary
from nasctl.foreign_text import shell_command, shortened
from nasctl.store import COMPLETE, OpenTrial, RunFolder, Session, Trial

WIDTH = 60
"""Width of the reward curve, in characters."""


def status(run: RunPath, json: Json = False) -> None:
    """Print the state of a search: whether it is running, its running trials, and the best trial so far.

    You can use it in another terminal while the search is running. It does not change the run.

    Example: nasctl status runs/cnn
    """
    folder = RunFolder.open(run)
    with closing(folder.trials(read_only=True)) as store:
        trials, best = store.trials(), store.best()
        running, sessions = store.open_trials(), store.sessions()
    active = folder.is_locked()
    if json:
        print_json(
            {
                "run": str(run),
                "running": active,
                "stopped": "" if active or not sessions else sessions[-1].stopped,
                "trials": len(trials),
                "dataset": folder.metadata()["dataset"],
                "examples": folder.metadata()["examples"],
                "budget": folder.config().search.trials,
                "failed": sum(trial.status != COMPLETE for trial in trials),
                "reused": sum(trial.reused is not None for trial in trials),
                "best": best.to_json() if best else None,
                "open": [trial.to_json() for trial in running],
            }
        )
        return
    _show(folder, trials, running, sessions, best, active)


def _show(
    folder: RunFolder,
    trials: list[Trial],
    running: list[OpenTrial],
    sessions: list[Session],
    best: Trial | None,
    active: bool,
) -> None:
    config = folder.config()
    rows: list[tuple[str, Part]] = [("search", _state(sessions, active))]
    metadata = folder.metadata()
    if metadata["dataset"] is not None:
        examples = f": {counted_examples(metadata['examples'])}" if metadata["examples"] else ""
        rows.append(("data set", f"{metadata['dataset']}{examples}"))
    failed = sum(trial.status != COMPLETE for trial in trials)
    reused = sum(trial.reused is not None for trial in trials)
    counts = [f"{len(trials)} of {config.search.trials}"]
    counts += [f"{failed} failed"] if failed else []
    counts += [f"{reused} reused"] if reused else []
    rows.append(("trials", ", ".join(counts)))
    if best is not None:
        rows.append(("best", trial_summary(best)))
        rewards = [trial.reward for trial in trials if trial.reward is not None]
        spread = f"{format_reward(min(rewards), 3)} to {format_reward(max(rewards), 3)}"
        rows.append(("rewards", f"{sparkline(rewards, WIDTH)}  {spread}"))
    for trial in running:
        word = "now" if active else "unfinished"
        rows.append((word, trial_progress(trial.number, trial.last_epoch, config) + _since(trial, active)))
    printer = results()
    printer.line(Styled(str(folder.path), "bold"))
    printer.fields(rows)
    if not active and len(trials) < config.search.trials:
        evaluator = metadata["evaluator"]
        again = ["--evaluator", str(evaluator)] if evaluator else []
        run = ("--resume", "--out", folder.path)
        printer.line(f"Resume with: {shell_command('nasctl', 'search', folder.space_file, *run, *again)}")


def _state(sessions: list[Session], active: bool) -> str:
    if not sessions:
        return "not started"
    last = sessions[-1]
    if active:
        at_once = "" if last.workers == 1 else f", {last.workers} at once"
        return f"running for {duration(_age(last.started))} (process {last.process} on {last.host}{at_once})"
    if last.ended is None:
        return "was killed; all finished trials are stored"
    return f"stopped {duration(_age(last.ended))} ago: {shortened(last.stopped, LONGEST_CAUSE)}"


def _since(trial: OpenTrial, active: bool) -> str:
    if not active:
        return ""
    return ", waiting" if trial.started is None else f", since {duration(_age(trial.started))}"


def _age(moment: str) -> float:
    """Returns the seconds since a moment in ISO 8601 format; 0 if the clock has been set back before it."""
    return max(0.0, (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds())
