"""Evaluates architectures by training: each child network is built, trained and validated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from nasctl.config import TrainingConfig
from nasctl.executors import Evaluation, Job, OnEpoch
from nasctl.metrics import EpochMetrics
from nasctl.process import may_configure, prepare_to_train
from nasctl.tasks import Task
from nasctl.training import GroupTrainer, TrainedChild, forget_programs, prepare, save_checkpoint

CHILDREN_PER_CLEARING = 8
"""Children after which JAX's in-memory caches are cleared.

Without it, a worker grows by half a megabyte per child. Clearing them after every child would trace and load again what
all children share."""


class ChildEvaluator:
    """Trains the child network of each job on the data set of a task.

    Args:
      task: The task, which defines the reward.
      training: How each child is trained.
      memory: Bytes of memory that this process may use, as for `nasctl.training.prepare`.
    """

    prepares = True

    def __init__(self, task: Task, training: TrainingConfig, memory: int = 0) -> None:
        prepare_to_train()
        self._task = task
        self._training = training
        self._memory = memory
        self._prepared = 0

    def prepare(self, job: Job) -> Callable[[OnEpoch], Evaluation]:
        """Builds, traces and compiles the child; the returned function trains it."""
        if may_configure() and self._prepared % CHILDREN_PER_CLEARING == 0:
            forget_programs()
        self._prepared += 1
        child = prepare(job.architecture, self._task, self._training, seed=job.seed, memory=self._memory)
        rungs = {rung.epoch: rung.reward for rung in job.rungs}
        return lambda on_epoch: evaluation(child.run(on_epoch, rungs=rungs), self._task, self._training)


class ChildGroupEvaluator:
    """Trains the children of several jobs at once with one program.

    Args:
      trainer: Trains a group of children.
    """

    def __init__(self, trainer: GroupTrainer) -> None:
        prepare_to_train()
        self._trainer = trainer

    def evaluate(
        self, jobs: Sequence[Job], on_epoch: Callable[[Job, EpochMetrics], None]
    ) -> list[Evaluation | Exception]:
        """Trains the children of several jobs at once; returns an evaluation or an error for each."""
        children = self._trainer.train(
            [job.architecture for job in jobs],
            seeds=[job.seed for job in jobs],
            on_epoch=lambda index, metrics: on_epoch(jobs[index], metrics),
        )
        return [
            child
            if isinstance(child, Exception)
            else evaluation(child, self._trainer.task, self._trainer.config)
            for child in children
        ]


def measures_of_training(task: Task) -> frozenset[str]:
    """The names of what `evaluation` reports of a child, besides its reward."""
    labels = task.splits["validation"].labels
    outputs = np.broadcast_to(np.float32(0), (len(labels), task.signature.outputs)) if task.predicts else None
    validation = task.summary(dict.fromkeys(task.measures, 0.5), outputs, labels)
    names = ("train_loss", "seconds_prepare", "seconds_train", "epochs", "best_epoch")
    return frozenset((*names, *(f"validation_{name}" for name in validation)))


def evaluation(trained: TrainedChild, task: Task, training: TrainingConfig) -> Evaluation:
    """The evaluation of a trained child."""

    def save(folder: Path, document: dict[str, Any]) -> dict[str, Any]:
        measured = trained.measure_split(trained.weights, "test")  # reported, but never used to choose
        results = {f"test_{name}": value for name, value in measured.items()}
        document = {
            **document,
            "training": asdict(training),
            "results": {**document["results"], **results},
        }
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
