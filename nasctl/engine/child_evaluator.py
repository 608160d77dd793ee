"""Child networks as the evaluations of a search: each architecture is built, trained and validated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from nasctl.architecture import TaskRecord
from nasctl.config import TrainingConfig
from nasctl.engine.listener import Listener
from nasctl.executors import Evaluation, Job
from nasctl.tasks import Task
from nasctl.training import Nursery, Record, TrainedChild, prepare, save_checkpoint


class ChildEvaluator:
    """Trains the child network of each job on a data set; the reward is the task's.

    Args:
      task: What the children learn.
      training: How each child is trained.
      listener: Hears of each epoch.
      nursery: Trains several at once, for `together`.
    """

    def __init__(
        self,
        task: Task,
        training: TrainingConfig,
        *,
        listener: Listener | None = None,
        nursery: Nursery | None = None,
    ) -> None:
        self._task = task
        self._training = training
        self._listener = listener or Listener()
        self._nursery = nursery
        self.task = TaskRecord(task.name, task.signature)

    def prepare(self, job: Job) -> Callable[[], Evaluation]:
        """Builds, traces and compiles the child; training it is left to the second phase."""
        child = prepare(job.architecture, self._task, self._training, seed=job.seed)
        return lambda: self._evaluation(child.run(lambda record: self._tell(job, record)))

    def together(self, jobs: Sequence[Job]) -> list[Evaluation | Exception]:
        """Trains the children of several jobs at once."""
        assert self._nursery is not None
        children = self._nursery.train(
            [job.architecture for job in jobs],
            seeds=[job.seed for job in jobs],
            on_epoch=lambda index, record: self._tell(jobs[index], record),
        )
        return [child if isinstance(child, Exception) else self._evaluation(child) for child in children]

    def _tell(self, job: Job, record: Record) -> None:
        self._listener.epoch_finished(job, int(record["epoch"]), record)

    def _evaluation(self, trained: TrainedChild) -> Evaluation:
        def save(folder: Path, document: dict[str, Any]) -> dict[str, Any]:
            measured = trained.evaluator(trained.weights, "test")  # for the record: no choice looks at it
            results = {f"test_{name}": value for name, value in measured.items()}
            document = {**document, "results": {**document["results"], **results}}
            save_checkpoint(
                folder,
                trained.weights,
                document=document,
                task=self._task,
                config=self._training,
                metrics={**trained.metrics, **results},
            )
            return document

        epochs = {"epochs": float(len(trained.history)), "best_epoch": float(trained.best_epoch)}
        return Evaluation(trained.reward, {**trained.metrics, **epochs}, save)
