"""Children of one space trained at once: their cells take their tokens as arrays, so one program serves them all.

K children lie side by side on a leading axis of their weights and are trained by `vmap` of the program of one. The
program is compiled once for a space; a group that is not full is filled up with copies, which are thrown away.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nasctl.architecture import Architecture
from nasctl.config import TrainingConfig
from nasctl.errors import NotFinite
from nasctl.graph import bind
from nasctl.metrics import EpochMetrics
from nasctl.space import Space
from nasctl.tasks import Task
from nasctl.training.child import UNMEASURED, TrainedChild
from nasctl.training.evaluation import evaluate, put_on_device
from nasctl.training.optimiser import learning_rates, make_optimiser
from nasctl.training.plan import plan_drawer
from nasctl.training.programs import Programs
from nasctl.training.streams import make_stream_programs
from nasctl.training.weights import Weights

CHOICES = "choices"
"""The name under which a `DynamicTreeCell` keeps its structure."""


def can_train_together(space: Space) -> bool:
    """Whether the children of a space can share one compiled program: they differ in their tree cells only."""
    return space.tree_ops is not None


@dataclass(frozen=True, eq=False)
class GroupTrainer:
    """Trains K children of a space at a time.

    Attributes:
      space: The space.
      task: A task on text.
      config: How each child is trained.
      width: K.
    """

    space: Space
    task: Task
    config: TrainingConfig
    width: int

    def train(
        self,
        architectures: Sequence[Architecture],
        *,
        seeds: Sequence[int],
        on_epoch: Callable[[int, EpochMetrics], None] | None = None,
    ) -> list[TrainedChild | NotFinite]:
        """Trains up to K children; each comes out as it would alone, but for rounding.

        Args:
          architectures: Of the space.
          seeds: Seed of the initial parameters of each.
          on_epoch: Called after each epoch for each child, with its position and its record.

        Returns:
          For each the trained child, or why it is none.
        """
        started = time.perf_counter()
        count = len(architectures)
        filled = [*range(count), *[0] * (self.width - count)]
        weights = _stack([self._weights(architectures[index], seeds[index]) for index in filled])
        data, plan = put_on_device(self.task), plan_drawer(self.task, self.config.batch)(jax.random.key(0))
        momentum = jax.vmap(make_optimiser(0.0, self.config).init)(weights.parameters)
        train, measure = self._compiled
        prepared = time.perf_counter()
        courses = [_Course(self.task) for _ in range(count)]
        kept: dict[int, Weights] = {}
        for epoch, rates in enumerate(learning_rates(self.config, len(plan.positions)), start=1):
            before = time.perf_counter()
            (weights, momentum), losses = train(weights, momentum, data, plan, rates)
            validation = self._validation(measure, weights)
            seconds = (time.perf_counter() - before) / count
            for index, course in enumerate(courses):
                loss = float(losses[index])
                record = course.note(epoch, loss, {name: v[index] for name, v in validation.items()}, seconds)
                if on_epoch is not None and record is not None:
                    on_epoch(index, record)
            wanted = {course.best_epoch for course in courses}
            kept = {number: w for number, w in {**kept, epoch: weights}.items() if number in wanted}
        times = {
            "seconds_prepare": (prepared - started) / count,
            "seconds_train": (time.perf_counter() - prepared) / count,
        }
        return [
            self._finish(course, architecture, kept, index, times)
            for index, (course, architecture) in enumerate(zip(courses, architectures, strict=True))
        ]

    def _finish(
        self,
        course: _Course,
        architecture: Architecture,
        kept: Mapping[int, Weights],
        index: int,
        times: Mapping[str, float],
    ) -> TrainedChild | NotFinite:
        if course.failure is not None:
            return course.failure
        weights = _without_choices(jax.tree.map(lambda leaf: leaf[index], kept[course.best_epoch]))
        best = course.history[course.best_epoch - 1]
        return TrainedChild(
            weights=weights,
            history=tuple(course.history),
            best_epoch=course.best_epoch,
            reward=course.history[-1]["reward"],
            metrics={**{name: v for name, v in best.items() if name not in UNMEASURED}, **times},
            measure_split=lambda weights, split: evaluate(
                architecture, weights, self.task, self.config, split=split
            ),
        )

    def _weights(self, architecture: Architecture, seed: int) -> Weights:
        return self._programs(architecture, seed)[1]

    def _programs(self, architecture: Architecture, seed: int) -> tuple[Programs, Weights]:
        from nasctl.lowering.dynamic_tree_cell import use_dynamic_cells

        graph = bind(architecture.graph, self.task.signature)
        network = architecture.build(self.task.signature, seed=seed)
        assert self.space.tree_ops is not None
        use_dynamic_cells(network, graph, self.space.tree_ops)
        return make_stream_programs(network, self.task, self.config)

    @functools.cached_property
    def _compiled(self) -> tuple[Any, Any]:
        """The training of an epoch and the evaluation of a split, for K children."""
        any_child = Architecture(self.space, _first_tokens(self.space))
        programs, _ = self._programs(any_child, 0)
        train = jax.jit(jax.vmap(programs.train, in_axes=(0, 0, None, None, None)), donate_argnums=1)
        return train, jax.jit(jax.vmap(programs.evaluate, in_axes=(0, None, None, None)))

    def _validation(self, measure: Any, weights: Weights) -> dict[str, np.ndarray]:
        data, splits = put_on_device(self.task), self.task.splits
        start, count = len(splits["train"]), len(splits["validation"])
        sums = jax.device_get(measure(weights, data, np.int32(start), np.int32(count)))
        return {name: np.asarray(total, np.float64) / count for name, total in sums.items()}


class _Course:
    """One child's way through its training.

    Args:
      task: What it learns.
    """

    def __init__(self, task: Task) -> None:
        self.history: list[EpochMetrics] = []
        self.validation: list[dict[str, float]] = []
        self.best_epoch = 0
        self.failure: NotFinite | None = None
        self._task = task
        self._best_rank: tuple[float, ...] = ()

    def note(
        self, epoch: int, loss: float, averages: Mapping[str, Any], seconds: float
    ) -> EpochMetrics | None:
        """Adds an epoch; None from when the loss is no number any more."""
        if self.failure is not None:
            return None
        validation = self._task.summary({name: float(value) for name, value in averages.items()})
        if not all(map(math.isfinite, (loss, *validation.values()))):
            self.failure = NotFinite(
                f"the loss is no number any more in epoch {epoch}",
                hint="a lower training.learning_rate may help",
            )
            return None
        self.validation.append(validation)
        record = {
            "epoch": epoch,
            "train_loss": loss,
            **{f"validation_{name}": value for name, value in validation.items()},
            "reward": self._task.reward(self.validation),
            "seconds": seconds,
        }
        self.history.append(record)
        rank = self._task.rank(validation)
        if not self.best_epoch or rank > self._best_rank:
            self.best_epoch, self._best_rank = epoch, rank
        return record


def _first_tokens(space: Space) -> tuple[int, ...]:
    return tuple(0 for _ in space.decisions)


def _stack(several: Sequence[Weights]) -> Weights:
    stacked: Weights = jax.tree.map(lambda *leaves: jnp.stack(leaves), *several)
    return stacked


def _without_choices(weights: Weights) -> Weights:
    """The weights as the network has them that is lowered by itself."""

    def pruned(tree: Any) -> Any:
        if not isinstance(tree, dict):
            return tree
        return {name: pruned(part) for name, part in tree.items() if name != CHOICES}

    return Weights(weights.parameters, _without_empty(pruned(weights.statistics)))


def _without_empty(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    parts = {name: _without_empty(part) for name, part in tree.items()}
    return {name: part for name, part in parts.items() if not (isinstance(part, dict) and not part)}
