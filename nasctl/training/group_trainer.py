"""Trains several children of a space at once, by one program.

A tree cell can read what it computes from arrays (`DynamicTreeCell`), so all children of the space share one program. K
children are stacked on a leading axis of their weights and trained by `vmap` of the program of one child. The program
is compiled once for a space. Copies of the first child fill an incomplete group; their results are discarded.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from nasctl.architecture import Architecture
from nasctl.config import TrainingConfig
from nasctl.errors import NotFinite
from nasctl.graph import bind
from nasctl.metrics import EpochMetrics
from nasctl.space import Space
from nasctl.tasks import Split, Task
from nasctl.training.evaluation import evaluate
from nasctl.training.loop import ChildProgress, EpochResult, TrainedChild, run_epochs
from nasctl.training.optimiser import learning_rates, make_optimiser
from nasctl.training.plan import plan_drawer
from nasctl.training.programs import Programs, TrainState
from nasctl.training.streams import make_stream_programs
from nasctl.training.weights import Weights
from nasctl.training.whole_set import put_on_device

CHOICES = "choices"
"""The name under which a `DynamicTreeCell` keeps its structure."""


def can_train_together(space: Space) -> bool:
    """Whether the children of a space can share one compiled program, because they differ only in their tree cells."""
    return space.tree_ops is not None


@dataclass(frozen=True, eq=False)
class GroupTrainer:
    """Trains K children of a space at a time.

    Attributes:
      space: The space of the children.
      task: A task on text.
      config: The settings of the training.
      width: K, the number of children of a full group.
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
        """Trains up to K children, each with the same result as if it were trained alone, except for rounding.

        Args:
          architectures: Architectures of the space.
          seeds: The seed of each child's initial parameters.
          on_epoch: Called after each epoch for each child, with the child's index and metrics.

        Returns:
          For each architecture the trained child, or the error that ended its training.
        """
        started = time.perf_counter()
        count = len(architectures)
        filled = [*range(count), *[0] * (self.width - count)]
        data, plan = put_on_device(self.task), plan_drawer(self.task, self.config.batch)(jax.random.key(0))
        state = self._initial_state([(architectures[index], seeds[index]) for index in filled])
        train, measure = self._compiled
        prepared = time.perf_counter()

        def run_epoch(
            state: TrainState, epoch: int, rates: Float[np.ndarray, " S"]
        ) -> tuple[TrainState, list[EpochResult]]:
            state, losses = train(*state, data, plan, rates)
            validation = self._validation(measure, state.weights)
            losses = jax.device_get(losses)
            return state, [(float(losses[index]), validation[index]) for index in range(count)]

        rates = learning_rates(self.config, len(plan.positions))
        children = run_epochs(run_epoch, state, rates, self.task, count=count, on_epoch=on_epoch)
        times = {
            "seconds_prepare": (prepared - started) / count,
            "seconds_train": (time.perf_counter() - prepared) / count,
        }
        return [
            child.failure or self._finish(child, architecture, index, times)
            for index, (child, architecture) in enumerate(zip(children, architectures, strict=True))
        ]

    def _finish(
        self, child: ChildProgress, architecture: Architecture, index: int, times: Mapping[str, float]
    ) -> TrainedChild:
        weights = _without_choices(jax.tree.map(lambda leaf: leaf[index], child.best_weights))

        def measure_split(weights: Weights, split: Split) -> dict[str, float]:
            return evaluate(architecture, weights, self.task, self.config, split=split)

        return child.finish(weights, measure_split, times)

    def _initial_state(self, children: Sequence[tuple[Architecture, int]]) -> TrainState:
        """The weights of children, drawn by their seeds, and the states of their optimisers, on a leading axis."""
        weights = _stack([self._programs(architecture, seed)[1] for architecture, seed in children])
        return TrainState(weights, jax.vmap(make_optimiser(0.0, self.config).init)(weights.parameters))

    def _programs(self, architecture: Architecture, seed: int) -> tuple[Programs, Weights]:
        from nasctl.lowering.dynamic_tree_cell import use_dynamic_cells

        graph = bind(architecture.graph, self.task.signature)
        network = architecture.build(self.task.signature, seed=seed)
        assert self.space.tree_ops is not None
        use_dynamic_cells(network, graph, self.space.tree_ops)
        return make_stream_programs(network, self.task, self.config)

    @functools.cached_property
    def _compiled(self) -> tuple[Any, Any]:
        """The compiled programs for K children: an epoch of training, and the evaluation of a split."""
        any_child = Architecture(self.space, _first_tokens(self.space))
        programs, _ = self._programs(any_child, 0)
        train = jax.jit(jax.vmap(programs.train, in_axes=(0, 0, None, None, None)), donate_argnums=1)
        return train, jax.jit(jax.vmap(programs.evaluate, in_axes=(0, None, None, None, None)))

    def _validation(self, measure: Any, weights: Weights) -> list[dict[str, float]]:
        """`Task.summary` of the validation split for each child of a full group."""
        data, splits = put_on_device(self.task), self.task.splits
        start, count = len(splits["train"]), len(splits["validation"])
        zeros = dict.fromkeys(self.task.measures, np.float32(0))
        sums, _ = jax.device_get(measure(weights, data, np.int32(start), np.int32(count), zeros))
        return [
            self.task.summary({name: float(total[index]) / count for name, total in sums.items()})
            for index in range(self.width)
        ]


def _first_tokens(space: Space) -> tuple[int, ...]:
    return tuple(0 for _ in space.decisions)


def _stack(several: Sequence[Weights]) -> Weights:
    stacked: Weights = jax.tree.map(lambda *leaves: jnp.stack(leaves), *several)
    return stacked


def _without_choices(weights: Weights) -> Weights:
    """The weights as the child's own network has them, without the arrays of its dynamic cells."""

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
