"""The progress of a running search: a live view in a terminal, and otherwise one line per trial."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar

from nasctl.arch_json import load_document
from nasctl.cli.console import Part, Styled, beside, fields, literal, print_json, progress, results
from nasctl.cli.data_text import data_json, print_data, print_notes
from nasctl.cli.options import data_dir_options
from nasctl.cli.quantities import counted, duration, sparkline
from nasctl.cli.trial_text import format_reward, measure_texts, shown_cause, trial_progress, trial_summary
from nasctl.config import Config
from nasctl.dialects import dialect_named
from nasctl.engine import Listener, Run
from nasctl.errors import WorkFailed
from nasctl.executors import Job
from nasctl.foreign_text import shell_command
from nasctl.input_kind import InputKind
from nasctl.metrics import main_metric
from nasctl.progress import shown_by
from nasctl.space import Space, format_tokens
from nasctl.store import COMPLETE, Trial
from nasctl.tasks import Task

WIDTH = 60
"""Width of the progress bar and of the reward curve, in characters."""

MOST_SHOWN = 8
"""Number of running trials that are shown."""


class SearchView(Listener):
    """Shows the progress of a search on standard error. It is a context manager: the live view ends with the block.

    Args:
      data_dir: The folder of prepared data sets that the search was given, which the next commands need, too.
    """

    def __init__(self, data_dir: Path | None = None) -> None:
        self._progress = progress()
        self._data_options = data_dir_options(data_dir)
        self._folder: Path | None = None
        self._title: tuple[Part, ...] = ()
        self._config = Config()
        self._trials: list[Trial] = []
        self._known = 0
        self._data: dict[str, object] | None = None
        self._best: Trial | None = None
        self._running: dict[int, str] = {}
        self._policy = ""
        self._work: RenderableType | None = None
        self._shown = ExitStack()
        self._started = time.monotonic()
        self._live = Live(
            console=self._progress.console, get_renderable=self._render, refresh_per_second=4, transient=True
        )

    def __enter__(self) -> SearchView:
        if self._progress.is_terminal:
            self._live.start()
            self._shown.enter_context(shown_by(self._show_work))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shown.close()
        self._live.stop()

    def data_read(self, task: Task) -> None:
        """Prints the data set."""
        self._data = data_json(task)
        print_data(self._progress, task)

    def search_started(self, folder: Path, space: Space, config: Config, trials: Sequence[Trial]) -> None:
        """Stores the run's settings and previous trials."""
        self._folder, self._config = folder, config
        self._title = (Styled(space.name, "bold"), f"  {space.size_bounds} architectures → {folder}")
        self._trials, self._known = list(trials), len(trials)
        complete = [trial for trial in trials if trial.reward is not None]
        self._best = max(complete, key=lambda trial: trial.reward or 0.0, default=None)
        if self._data is not None and config.data.examples:
            print_notes(self._progress, ["nasctl train uses all of them"])
        if config.search.reward:
            self._progress.line(Styled(f"reward: {config.search.reward}", "dim"))
        if not self._progress.is_terminal:
            self._progress.line(*self._title)

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
        if not self._progress.is_terminal or trial.status != COMPLETE:
            self._progress.line(*_line(trial, is_best))

    def controller_updated(self, trials_seen: int, metrics: Mapping[str, float]) -> None:
        """Updates the entropy of the policy."""
        entropy = metrics.get("entropy")
        self._policy = "" if entropy is None else f"entropy {entropy:.2f}"

    def interrupted(self, space: str, evaluator: str | None) -> None:
        """Prints where the trials are stored and how to resume the search."""
        self._live.stop()
        if self._folder is None:
            self._progress.line("interrupted before the first trial; nothing was stored")
            return
        again = self._data_options + ([] if evaluator is None else ["--evaluator", evaluator])
        command = shell_command("nasctl", "search", Path(space), "--resume", "--out", self._folder, *again)
        self._progress.line(f"interrupted; {len(self._trials)} trials are stored in {self._folder}")
        self._progress.line(f"resume with: {command}")

    def finished(self, run: Run, *, json: bool) -> None:
        """Prints the best trial, the files of the run, and commands for the next steps.

        Raises:
          WorkFailed: There were trials, and all of them failed.
        """
        if json:
            print_json(
                {
                    "run": str(run.folder),
                    "stopped": run.stopped,
                    "data": self._data,
                    "trials": len(run.trials),
                    "best": run.best.to_json() if run.best else None,
                }
            )
        else:
            self._print_counts(run)
        if run.best is None and run.trials:
            last, count = run.trials[-1], len(run.trials)
            which = "the only trial failed" if count == 1 else f"all {count:,} trials failed, the last one"
            raise WorkFailed(
                f"{which}, trial {last.number} ({last.status}): {shown_cause(last)}",
                hint=f"`{shell_command('nasctl', 'trials', run.folder)}` lists the causes",
            )
        if run.best is not None and not json:
            _print_best(run, run.best, self._data_options)

    def _print_counts(self, run: Run) -> None:
        reused = sum(trial.reused is not None for trial in run.trials)
        failed = sum(trial.status != COMPLETE for trial in run.trials)
        results().line(
            Styled(counted(len(run.trials), "trial"), "bold"),
            f" in {duration(time.monotonic() - self._started)}: {run.stopped}.",
            f" {reused} reused from earlier trials." if reused else "",
            f" {failed} failed." if failed else "",
        )

    def _render(self) -> RenderableType:
        done, total = len(self._trials), self._config.search.trials
        bar = ProgressBar(total=total, completed=done, width=WIDTH)
        rows: list[tuple[str, Part | RenderableType]] = [
            ("trials", beside(bar, literal(f"{done} of {total}"))),
            ("time", self._times(done, total)),
        ]
        if self._best is not None:
            rewards = [trial.reward for trial in self._trials if trial.reward is not None]
            spread = f"{format_reward(min(rewards), 3)} to {format_reward(max(rewards), 3)}"
            rows.append(("best", trial_summary(self._best)))
            rows.append(("rewards", f"{sparkline(rewards, WIDTH)}  {spread}"))
        running = list(self._running.values())[:MOST_SHOWN] or ["starting"]
        hidden = len(self._running) - MOST_SHOWN
        running += [f"and {hidden} more"] if hidden > 0 else []
        rows.append(("now", self._work or Group(*map(literal, running))))
        if self._policy:
            rows.append(("policy", self._policy))
        return Group(literal(*self._title), fields(rows))

    @contextmanager
    def _show_work(self, what: str, steps: int) -> Iterator[Callable[[int], None]]:
        """Shows the progress of work before the first trial, such as preparing images."""

        def report(done: int) -> None:
            self._work = beside(ProgressBar(total=steps, completed=done, width=WIDTH), literal(what))

        yield report
        self._work = None

    def _times(self, done: int, total: int) -> str:
        elapsed = time.monotonic() - self._started
        fresh = done - self._known
        left = elapsed / fresh * (total - done) if fresh else None
        if self._config.search.seconds:
            limit = max(self._config.search.seconds - elapsed, 0.0)
            left = limit if left is None else min(left, limit)
        return duration(elapsed) + ("" if left is None else f", about {duration(left)} left")


def _print_best(run: Run, best: Trial, data_options: Sequence[str]) -> None:
    """Prints the best trial of a run, its files, and commands for the next steps."""
    printer = results()
    printer.line(f"Best: {trial_summary(best)}.")
    found = load_document(run.folder)
    if metric := main_metric(found.results, "test"):
        reached = metric.format(found.results[f"test_{metric.name}"])
        printer.line(
            "On the test split, which the search does not use: ",
            Styled(f"{metric.name} {reached}", "bold"),
            ".",
        )
    checkpoint = run.folder / "best" / "checkpoint"
    files = [(str(run.folder / "best" / "arch.json"), "the architecture, with its results")]
    commands = [(shell_command("nasctl", "trials", run.folder), "list the trials")]
    if dialect_named(found.space.dialect).input == InputKind.NONE:  # there is no network to draw
        printer.line("  ", format_tokens(found.space, found.tokens))
    else:
        commands.insert(0, (shell_command("nasctl", "render", run.folder), "draw it"))
    if checkpoint.is_dir():
        files.append((str(checkpoint), "its trained parameters"))
        train = shell_command("nasctl", "train", run.folder, *data_options)
        commands.insert(0, (train, "train the best architecture for longer"))
    printer.listed(files)
    printer.line("Next:")
    printer.listed(commands, "bold")


def _line(trial: Trial, is_best: bool) -> list[Part]:
    """Formats a finished trial as one line."""
    number = f"trial {trial.number:>4}  "
    if trial.status != COMPLETE:
        return [number, Styled(trial.status, "red"), f"  {shown_cause(trial)}"]
    took = f"{trial.seconds:5.1f} s" if trial.reused is None else f"as trial {trial.reused}"
    reward = f"reward {format_reward(trial.reward or 0.0)}"
    line: list[Part] = [number, "  ".join([reward, *measure_texts(trial.metrics), took])]
    return [*line, "  ", Styled("best", "bold")] if is_best else line
