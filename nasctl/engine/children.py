"""Child networks as the evaluations of a search: each architecture is built, trained and validated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from nasctl.architecture import TaskRecord
from nasctl.config import TrainingConfig
from nasctl.engine.listener import Listener
from nasctl.executors import Evaluation, Job
from nasctl.tasks import make_task
from nasctl.training import PreparedChild, prepare, save_checkpoint


class ChildEvaluator:
    """Trains the child network of each job on a data set; the reward is the task's.

    Args:
      dataset: Name of the data set, or path of one.
      training: How each child is trained.
      data_dir: Where data sets are kept.
      listener: Hears of each epoch.

    Raises:
      NasctlError: The data set cannot be had.
    """

    def __init__(
        self,
        dataset: str,
        training: TrainingConfig,
        *,
        data_dir: Path | None = None,
        listener: Listener | None = None,
    ) -> None:
        self._task = make_task(dataset, data_dir=data_dir)
        self._training = training
        self._listener = listener or Listener()
        self.task = TaskRecord(dataset, self._task.signature)

    def prepare(self, job: Job) -> Callable[[], Evaluation]:
        """Builds, traces and compiles the child; training it is left to the second phase."""
        child = prepare(job.architecture, self._task, self._training, seed=job.seed)
        return lambda: self._train(job, child)

    def _train(self, job: Job, child: PreparedChild) -> Evaluation:
        trained = child.run(lambda record: self._listener.epoch_finished(job, int(record["epoch"]), record))

        def save(folder: Path, document: dict[str, Any]) -> None:
            save_checkpoint(
                folder,
                trained.weights,
                document=document,
                task=self._task,
                config=self._training,
                metrics=trained.metrics,
            )

        epochs = {"epochs": float(len(trained.history)), "best_epoch": float(trained.best_epoch)}
        return Evaluation(trained.reward, {**trained.metrics, **epochs}, save)
