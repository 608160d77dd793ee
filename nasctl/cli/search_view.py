"""The progress of a running search: a live view in a terminal, and otherwise one line per trial."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from nasctl.arch_json import load_document
from nasctl.cli.console import duration, print_json, progress_console, result_console, sparkline
from nasctl.cli.trial_text import measure_texts, trial_progress, trial_summary
from nasctl.config import Config
from nasctl.engine import Listener, Run
from nasctl.executors import Job
from nasctl.metrics import main_metric
from nasctl.space import Space
from nasctl.store import COMPLETE, Trial

WIDTH = 60
"""Width of the progress bar and of the reward curve, in characters."""

MOST_SHOWN = 8
"""Number of running trials that are shown."""


class SearchView(Listener):
    """Shows the progress of a search on standard error. It is a context manager: the live view ends with the block."""

    def __init__(self) -> None:
        self._console = progress_console()
        self._folder: Path | None = None
        self._title = ""
        self._config = Config()
        self._trials: list[Trial] = []
        self._known = 0
        self._best: Trial | None = None
        self._running: dict[int, str] = {}
        self._policy = ""
        self._started = time.monotonic()
        self._live = Live(
            console=self._console, get_renderable=self._render, refresh_per_second=4, transient=True
        )

    def __enter__(self) -> SearchView:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def search_started(self, folder: Path, space: Space, config: Config, trials: Sequence[Trial]) -> None:
        """Stores the run's settings and previous trials."""
        self._folder, self._config = folder, config
        self._title = f"[bold]{space.name}[/]  {space.size:,} architectures → {folder}"
        if space.size >= 10**9:
            self._title = f"[bold]{space.name}[/]  {space.size:.2e} architectures → {folder}"
        self._trials, self._known = list(trials), len(trials)
        complete = [trial for trial in trials if trial.reward is not None]
        self._best = max(complete, key=lambda trial: trial.reward or 0.0, default=None)
        if not self._console.is_terminal:
            self._console.print(self._title, soft_wrap=True)

    def trial_started(self, job: Job) -> None:
        """Adds a trial to the running ones."""
        self._running[job.number] = trial_progress(job.number, {}, self._config)

    def epoch_finished(self, job: Job, epoch: int, measures: Mapping[str, float]) -> None:
        """Updates the progress of a trial."""
        self._running[job.number] = trial_progress(job.number, measures, self._config)

    def trial_finished(self, trial: Trial, *, is_best: bool) -> None:
        """Adds a trial to the curve. Prints it if it failed or if the output is not a terminal."""
        self._trials.append(trial)
        self._running.pop(trial.number, None)
        self._best = trial if is_best else self._best
        if not self._console.is_terminal or trial.status != COMPLETE:
            self._console.print(_line(trial, is_best), soft_wrap=True)

    def controller_updated(self, trials_seen: int, metrics: Mapping[str, float]) -> None:
        """Updates the entropy of the policy."""
        entropy = metrics.get("entropy")
        self._policy = "" if entropy is None else f"entropy {entropy:.2f}"

    def interrupted(self, space: str) -> None:
        """Prints where the trials are stored and how to resume the search."""
        self._live.stop()
        if self._folder is None:
            self._console.print("interrupted before the first trial; nothing was stored")
            return
        self._console.print(f"interrupted; {len(self._trials)} trials are stored in {self._folder}")
        self._console.print(f"resume with: nasctl search {space} --resume --out {self._folder}")

    def finished(self, run: Run, *, json: bool) -> None:
        """Prints the best trial, the files of the run, and commands for the next steps."""
        best = run.best
        if json:
            print_json(
                {
                    "run": str(run.folder),
                    "stopped": run.stopped,
                    "trials": len(run.trials),
                    "best": best.to_json() if best else None,
                }
            )
            return
        console = result_console()
        reused = sum(trial.reused is not None for trial in run.trials)
        failed = sum(trial.status != COMPLETE for trial in run.trials)
        console.print(
            f"[bold]{len(run.trials)} trials[/] in {duration(time.monotonic() - self._started)}: {run.stopped}."
            + (f" {reused} reused from earlier trials." if reused else "")
            + (f" {failed} failed." if failed else "")
        )
        if best is None:
            console.print("No trial was complete, so there is no best architecture.")
            console.print(f"The causes: nasctl trials {run.folder}")
            return
        console.print(f"Best: {trial_summary(best)}.")
        results = load_document(run.folder).results
        if metric := main_metric(results, "test"):
            reached = metric.format(results[f"test_{metric.name}"])
            console.print(
                f"On the test split, which the search does not use: [bold]{metric.name} {reached}[/]."
            )
        files = Table.grid(padding=(0, 3))
        files.add_row(f"  {run.folder / 'best' / 'arch.json'}", "the architecture, with its results")
        if (run.folder / "best" / "checkpoint").is_dir():
            files.add_row(f"  {run.folder / 'best' / 'checkpoint'}", "its trained parameters")
        console.print(files)
        console.print("Next:")
        commands = Table.grid(padding=(0, 3))
        if (run.folder / "best" / "checkpoint").is_dir():
            commands.add_row(
                f"  [bold]nasctl train {run.folder}[/]", "train the best architecture for longer"
            )
        commands.add_row(f"  [bold]nasctl render {run.folder}[/]", "draw it")
        commands.add_row(f"  [bold]nasctl trials {run.folder}[/]", "list the trials")
        console.print(commands)

    def _render(self) -> RenderableType:
        done, total = len(self._trials), self._config.search.trials
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim")
        grid.add_column()
        counted = Table.grid(padding=(0, 1))
        counted.add_row(ProgressBar(total=total, completed=done, width=WIDTH), f"{done} of {total}")
        grid.add_row("trials", counted)
        grid.add_row("time", self._times(done, total))
        if self._best is not None:
            grid.add_row("best", trial_summary(self._best))
            rewards = [trial.reward for trial in self._trials if trial.reward is not None]
            grid.add_row("rewards", sparkline(rewards, WIDTH) + f"  {min(rewards):.3f} to {max(rewards):.3f}")
        running = list(self._running.values())[:MOST_SHOWN] or ["starting"]
        hidden = len(self._running) - MOST_SHOWN
        grid.add_row("now", "\n".join([*running, *([f"and {hidden} more"] if hidden > 0 else [])]))
        if self._policy:
            grid.add_row("policy", self._policy)
        return Group(Text.from_markup(self._title), grid)

    def _times(self, done: int, total: int) -> str:
        elapsed = time.monotonic() - self._started
        fresh = done - self._known
        left = elapsed / fresh * (total - done) if fresh else None
        if self._config.search.seconds:
            limit = max(self._config.search.seconds - elapsed, 0.0)
            left = limit if left is None else min(left, limit)
        return duration(elapsed) + ("" if left is None else f", about {duration(left)} left")


def _line(trial: Trial, is_best: bool) -> str:
    """Formats a finished trial as one line."""
    if trial.status != COMPLETE:
        return f"trial {trial.number:>4}  [red]{trial.status}[/]  {trial.cause}"
    took = f"{trial.seconds:5.1f} s" if trial.reused is None else f"as trial {trial.reused}"
    parts = [f"trial {trial.number:>4}", f"reward {trial.reward:.4f}", *measure_texts(trial.metrics), took]
    return "  ".join(parts) + ("  [bold]best[/]" if is_best else "")
