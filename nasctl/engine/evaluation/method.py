"""The two ways to evaluate an architecture, each as an evaluator for this process or a specification for workers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nasctl.arch_json import TaskInfo
from nasctl.config import Config, DataConfig, TrainingConfig
from nasctl.datasets.images.choice import with_image_size
from nasctl.dialects import input_of, parse_space
from nasctl.engine.evaluation.child_evaluator import (
    ChildEvaluator,
    ChildGroupEvaluator,
    measures_of_training,
)
from nasctl.engine.evaluation.function_evaluator import (
    EvaluateFunction,
    FunctionEvaluator,
    check_reference,
    function_spec,
    import_evaluator,
)
from nasctl.engine.evaluation.task_of_space import info_of, settings_of, task_of
from nasctl.engine.required_measures import maximised_error, missing_measure
from nasctl.errors import NasctlError
from nasctl.executors import EvaluationContext, EvaluatorSpec, detect_machine
from nasctl.graph import Cost
from nasctl.input_kind import InputKind
from nasctl.space import Space, sample_uniform
from nasctl.tasks import Task
from nasctl.training import GroupTrainer, can_train_together, memory_of_examples

LARGEST_ON_ACCELERATORS = 224
"""The height and width of images of files up to which they are used as they are; on a CPU it is that of `load`."""

STATIC_MEASURES = frozenset(field.name for field in fields(Cost))


@dataclass(frozen=True)
class ChildTraining:
    """Trains the network of an architecture on a data set.

    Attributes:
      space: The space that is searched.
      task: What the networks learn.
      data_dir: The folder of prepared data sets.
      training: How each network is trained.
      data: How the examples are read, with the size of images that was chosen.
      memory: Bytes of memory that a worker may use; 0 if there is no limit, or it is not known.
    """

    trains: ClassVar[bool] = True
    named: ClassVar[bool] = False
    space: Space
    task: Task
    data_dir: Path | None
    training: TrainingConfig
    data: DataConfig
    memory: int = 0

    @property
    def memory_of_network(self) -> int:
        """Bytes of `memory` that are left for a network besides the examples; 0 if there is no limit."""
        if not self.memory:
            return 0
        return max(1, self.memory - memory_of_examples(self.task, self.training, self.memory))

    @property
    def measured_on(self) -> TaskInfo:
        """The data set on which costs are computed."""
        return info_of(self.task, self.data)

    @cached_property
    def can_group(self) -> bool:
        """Whether one program can train several children of the space at once, which only a text's can."""
        return self.task.sequential and can_train_together(self.space)

    def evaluator(self) -> ChildEvaluator:
        """An evaluator for this process."""
        return ChildEvaluator(self.task, self.training, self.memory)

    def group_evaluator(self, size: int) -> ChildGroupEvaluator:
        """An evaluator for this process that trains several children at once."""
        return ChildGroupEvaluator(GroupTrainer(self.space, self.task, self.training, size))

    def spec(self) -> EvaluatorSpec:
        """The specification from which a worker makes its evaluator."""
        arguments = {
            **_space_arguments(self.space),
            "dataset": self.task.name,
            "digest": self.task.digest,
            "data_dir": None if self.data_dir is None else str(self.data_dir.resolve()),
            "training": asdict(self.training),
            "data": asdict(self.data),
            "memory": self.memory,
        }
        return EvaluatorSpec(f"{__name__}:{make_child_context.__name__}", arguments)


@dataclass(frozen=True)
class FunctionCall:
    """Calls a function that returns the reward of an architecture.

    Attributes:
      space: The space that is searched.
      function: The function, or its name as `MODULE:FUNCTION`.
      measured_on: The data set on which costs are computed; None if it is not known.
      data: How the examples of that data set are read.
    """

    trains: ClassVar[bool] = False
    can_group: ClassVar[bool] = False
    space: Space
    function: EvaluateFunction | str
    measured_on: TaskInfo | None
    data: DataConfig

    @property
    def named(self) -> bool:
        """Whether the function was given by name."""
        return isinstance(self.function, str)

    def evaluator(self) -> FunctionEvaluator:
        """An evaluator for this process; imports the function if it was given by name."""
        if isinstance(self.function, str):
            return import_evaluator(self.function)
        return FunctionEvaluator(self.function)

    def spec(self) -> EvaluatorSpec:
        """The specification from which a worker makes its evaluator.

        Raises:
          NasctlError: The function was not given by name.
        """
        if not isinstance(self.function, str):
            raise NasctlError(
                "a function of this process cannot be called by worker processes",
                hint='name it as "MODULE:FUNCTION", or leave workers and executor out',
            )
        return function_spec(self.space, self.function)


Method = ChildTraining | FunctionCall


def train_children(space: Space, config: Config, dataset: str | None, data_dir: Path | None) -> ChildTraining:
    """Checks that children of a space can be trained on a data set, before any time is spent.

    Raises:
      NasctlError: The architectures are not networks, the data set does not fit them, a constraint or the reward needs
        a measure that training does not have, or the reward is an error.
    """
    if (maximised := maximised_error(config.search.reward)) is not None:
        raise maximised
    tokens = sample_uniform(space, np.random.default_rng(0))
    try:
        space.decode(tokens).graph  # noqa: B018 decoding is the check
    except NasctlError as error:
        raise NasctlError(error.message, hint="give a function that scores them, with --evaluator") from error
    settings = _with_image_size(space, config, dataset, data_dir)
    task = task_of(space, dataset, data_dir=data_dir, settings=settings)
    task.configured(config.training)  # whether its classes can be weighted
    measured = {*STATIC_MEASURES, *measures_of_training(task)}
    if (missing := missing_measure(space, config.search.reward, measured)) is not None:
        raise NasctlError(
            f"{missing.message} when networks are trained",
            hint=f"{missing.hint}; a function given with --evaluator can return other measures",
        )
    return ChildTraining(space, task, data_dir, config.training, settings_of(task, settings))


def _with_image_size(space: Space, config: Config, dataset: str | None, data_dir: Path | None) -> DataConfig:
    """The settings of the data, with larger images where an accelerator trains on a folder of images of any size."""
    settings = config.data
    if dataset is None or settings.image_size or settings.splits != "stable":
        return settings
    if input_of(space) is not InputKind.IMAGE or config.search.executor == "ray":
        return settings
    if detect_machine().platform == "cpu":
        return settings
    return with_image_size(dataset, data_dir, settings, largest=LARGEST_ON_ACCELERATORS)


def call_function(
    space: Space,
    function: EvaluateFunction | str,
    dataset: str | None,
    data_dir: Path | None,
    settings: DataConfig,
) -> FunctionCall:
    """Checks that a function can evaluate the architectures of a space. One that is given by name is not imported yet.

    Raises:
      NasctlError: There is no such module, or a constraint needs a data set that is not named.
    """
    measured_on = None
    if dataset is not None:
        task = task_of(space, dataset, data_dir=data_dir, settings=settings)
        settings = settings_of(task, settings)
        measured_on = info_of(task, settings)
    static = [constraint for constraint in space.constraints if constraint.measure in STATIC_MEASURES]
    if static and measured_on is None:
        raise NasctlError(
            f"`require {static[0]}` depends on the shape of the input, which is not known",
            hint="name the data set that the networks are for with --dataset",
        )
    if isinstance(function, str):
        check_reference(function, Path.cwd())
    return FunctionCall(space, function, measured_on, settings)


def make_child_context(
    text: str,
    name: str,
    dataset: str,
    digest: str,
    data_dir: str | None,
    training: Mapping[str, Any],
    data: Mapping[str, Any],
    memory: int,
) -> EvaluationContext:
    """Makes the context in which a worker trains children.

    Raises:
      NasctlError: The data set has changed since the search was started.
    """
    space = parse_space(text, name=name)
    folder = None if data_dir is None else Path(data_dir)
    task = task_of(space, dataset, data_dir=folder, settings=DataConfig(**data))
    if task.digest != digest:
        raise NasctlError(
            f"a worker process reads other examples from the data set {dataset} than the search",
            hint="do not change a data set while it is searched on; machines of a cluster need the same files",
        )
    return EvaluationContext(space, ChildEvaluator(task, TrainingConfig(**training), memory))


def _space_arguments(space: Space) -> dict[str, str]:
    return {"text": space.source, "name": space.name}
