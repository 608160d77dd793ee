"""Child networks as the evaluations of a search: each architecture is built, trained and validated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from nasctl.config import TrainingConfig
from nasctl.executors import Evaluation, Job, OnEpoch
from nasctl.metrics import EpochMetrics
from nasctl.process import is_claimed, prepare_to_train
from nasctl.tasks import Task
from nasctl.training import GroupTrainer, TrainedChild, forget_programs, prepare, save_checkpoint

REMEMBERED = 8
"""Children whose programs JAX may keep: letting go after each makes the next trace and load anew what all share, and
without it a worker grows by half a megabyte a child."""


class ChildEvaluator:
    """Trains the child network of each job on a data set; the reward is the task's.

    Args:
      task: What the children learn.
      training: How each child is trained.
    """

    def __init__(self, task: Task, training: TrainingConfig) -> None:
        prepare_to_train()
        self._task = task
        self._training = training
        self._prepared = 0

    def prepare(self, job: Job) -> Callable[[OnEpoch], Evaluation]:
        """Builds, traces and compiles the child; training it is left to the second phase."""
        if is_claimed() and self._prepared % REMEMBERED == 0:
            forget_programs()
        self._prepared += 1
        child = prepare(job.architecture, self._task, self._training, seed=job.seed)
        rungs = {rung.epoch: rung.reward for rung in job.rungs}
        return lambda on_epoch: evaluation(child.run(on_epoch, rungs=rungs), self._task, self._training)


class GroupOfChildren:
    """Trains the children of several jobs at once, by one program.

    Args:
      trainer: Trains them.
    """

    def __init__(self, trainer: GroupTrainer) -> None:
        prepare_to_train()
        self._trainer = trainer

    def together(
        self, jobs: Sequence[Job], on_epoch: Callable[[Job, EpochMetrics], None]
    ) -> list[Evaluation | Exception]:
        """Trains the children of several jobs at once."""
        children = self._trainer.train(
            [job.architecture for job in jobs],
            seeds=[job.seed for job in jobs],
            on_epoch=lambda index, record: on_epoch(jobs[index], record),
        )
        return [
            child
            if isinstance(child, Exception)
            else evaluation(child, self._trainer.task, self._trainer.config)
            for child in children
        ]


def evaluation(trained: TrainedChild, task: Task, training: TrainingConfig) -> Evaluation:
    """What a search learns of a trained child."""

    def save(folder: Path, document: dict[str, Any]) -> dict[str, Any]:
        measured = trained.measure_split(trained.weights, "test")  # for the record: no choice looks at it
        results = {f"test_{name}": value for name, value in measured.items()}
        document = {**document, "results": {**document["results"], **results}}
        save_checkpoint(
            folder,
            trained.weights,
            document=document,
            task=task,
            config=training,
            metrics={**trained.metrics, **results},
        )
        return document

    epochs = {"epochs": float(len(trained.history)), "best_epoch": float(trained.best_epoch)}
    return Evaluation(trained.reward, {**trained.metrics, **epochs}, trained.history, save)
