"""Baselines: well-known cells, trained as the children of a run were, to compare with its best cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nasctl.engine.evaluation.data_place import require_place
from nasctl.engine.evaluation.task_of_space import info_of, task_of
from nasctl.engine.resumption import check_same_data
from nasctl.engine.run import Run
from nasctl.errors import NasctlError
from nasctl.graph import Graph, Signature, bind, measure_cost
from nasctl.graph.cells import KNOWN_CELLS, with_cell
from nasctl.process import prepare_to_train
from nasctl.store import RunFolder
from nasctl.training import train_child

if TYPE_CHECKING:
    from nasctl.lowering import Network


@dataclass(frozen=True)
class BaselineNetwork:
    """A known network.

    Attributes:
      name: Its name, such as `LSTM`.
      graph: Its graph, not yet bound to a task.
    """

    name: str
    graph: Graph

    def build(self, signature: Signature, *, seed: int = 0) -> Network:
        """Builds the network with new parameters; see `Architecture.build`."""
        from nasctl.lowering import build  # imports JAX

        return build(bind(self.graph, signature), seed=seed)


@dataclass(frozen=True)
class BaselineResult:
    """A baseline after its training.

    Attributes:
      name: Its name, such as `LSTM`.
      params: Number of parameters.
      reward: The reward that a search would have received.
      metric: Name of the main metric of the task.
      validation: The main metric on the validation split, at the best epoch.
    """

    name: str
    params: int
    reward: float
    metric: str
    validation: float


def train_baselines(
    run: Run, *, dataset: str | None = None, data_dir: Path | None = None
) -> Iterator[BaselineResult]:
    """Trains known cells in the network of a run's best trial, one after the other.

    The network around the cell, the data, the settings and the seed are those of the run's best trial. The hidden size
    is the largest with which the network has no more parameters than the network of that trial.

    Args:
      run: The run.
      dataset: Where its data set is now. Default: where the run found it.
      data_dir: The folder of prepared data sets.

    Raises:
      NasctlError: The networks of the run have no recurrent cell, no trial is complete, or the data set has changed.
    """
    best = run.best
    if best is None:
        raise NasctlError(f"{run.folder} has no complete trial to compare with")
    graph = run.best_architecture.graph
    if not any(node.op == "recurrent" for node in graph.nodes):
        raise NasctlError(
            f"there are no baselines for {run.folder}: its networks have no recurrent cell",
            hint="leave --baselines out",
        )
    prepare_to_train()
    folder = RunFolder.open(run.folder)
    config, recorded = folder.config(), folder.metadata()["dataset"]
    if dataset is None and recorded is not None:
        require_place(recorded, f"the run {folder.path}")
    space, name = run.best_architecture.space, recorded if dataset is None else dataset
    task = task_of(space, name, data_dir=data_dir, settings=config.data)
    check_same_data(folder, dataset, info_of(task, config.data))
    metric = task.metrics[0]
    params = measure_cost(bind(graph, task.signature)).params
    for name, cell in KNOWN_CELLS.items():
        baseline = BaselineNetwork(name, with_cell(graph, cell(), params))
        child = train_child(baseline, task, config.training, seed=best.seed)
        yield BaselineResult(
            name=name,
            params=measure_cost(bind(baseline.graph, task.signature)).params,
            reward=child.reward,
            metric=metric.name,
            validation=child.metrics[f"validation_{metric.name}"],
        )
