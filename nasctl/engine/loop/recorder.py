"""Records a trial: saves its network if it is the best so far, stores the trial, then notifies the listener."""

from __future__ import annotations

from pathlib import Path

from nasctl.arch_json import TaskInfo, save_document
from nasctl.architecture import Architecture
from nasctl.engine.loop.budget import Budget
from nasctl.engine.loop.listener import Listener
from nasctl.executors import Evaluation
from nasctl.space import Space
from nasctl.store import RunFolder, Trial, TrialStore


class Recorder:
    """Records the trials of a run.

    Args:
      space: The space that is searched.
      task: What the networks are measured on; None for spaces without networks.
      folder: The run folder.
      store: The trials of the run.
      budget: Reduced by each trial.
      listener: Receives an event for each trial.
    """

    def __init__(
        self,
        space: Space,
        task: TaskInfo | None,
        folder: RunFolder,
        store: TrialStore,
        budget: Budget,
        listener: Listener,
    ) -> None:
        self._space = space
        self._task = task
        self._folder = folder
        self._store = store
        self._budget = budget
        self._listener = listener

    def record(self, trial: Trial, evaluation: Evaluation | None = None) -> Trial:
        """Records a trial.

        If it is the best so far, its network is written first. A recorded best trial therefore always has its network:
        if the process dies in between, the trial is run again and writes the same network again.
        """
        best = self._store.best()
        is_best = trial.reward is not None and (
            best is None or best.reward is None or (trial.reward, -trial.number) > (best.reward, -best.number)
        )
        if is_best:
            self._folder.replace_best(lambda folder: self._write_best(folder, trial, evaluation))
        self._store.record(trial)
        self._budget.spend(trial)
        self._listener.trial_finished(trial, is_best=is_best)
        return trial

    def _write_best(self, folder: Path, trial: Trial, evaluation: Evaluation | None) -> None:
        document = Architecture.decode(self._space, trial.tokens).document(
            task=self._task,
            results={"reward": trial.reward, **trial.metrics},
            origin={"run": self._folder.path.name, "trial": trial.number, "seed": trial.seed},
        )
        if evaluation is not None and evaluation.save is not None:
            document = evaluation.save(folder / "checkpoint", document)
        save_document(document, folder / "arch.json")
