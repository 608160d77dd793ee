"""The settings of a run: their names, types, defaults and bounds. `nasctl.settings` reads values for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nasctl.bounds import Bounds, shown
from nasctl.errors import NasctlError
from nasctl.formula import read_formula

MAY_CHANGE: Mapping[str, object] = {"may_change": True}
"""Metadata of a setting that may change when a run is resumed. All others affect the trials and are fixed."""


def _bounded(
    default: float, low: float, high: float, *, fixed: bool = True, **further: bool | float | None
) -> Any:
    """A field for a number with bounds (`Bounds`).

    Args:
      default: The default of the setting.
      low: Its smallest value.
      high: Its largest value.
      fixed: Whether it affects the trials, so that it cannot change when a run is resumed.
      further: Further attributes of the bounds.
    """
    bounds = Bounds(low, high, **further)  # type: ignore[arg-type]
    return field(default=default, metadata={"bounds": bounds} if fixed else {"bounds": bounds, **MAY_CHANGE})


def _readable_formula(text: str) -> str:
    """The text of a formula, after a check that it can be read.

    Raises:
      NasctlError: It cannot be read.
    """
    read_formula(text)
    return text


@dataclass(frozen=True)
class SearchConfig:
    """When a search stops, where its children run, and how it treats its trials.

    Attributes:
      trials: Number of trials after which the search stops.
      seconds: Wall-clock seconds after which it stops; 0 for no limit.
      epochs: Training epochs, summed over all children, after which it stops; 0 for no limit.
      max_failures: Number of failed trials in a row after which it stops and reports why.
      reward: What the controller maximises, as a formula over the measured values, such as
        `accuracy * (latency / 20) ^ -0.07`. Empty for the reward that the task or the evaluator returns.
      duplicates: What happens when an architecture is proposed again: `reuse` copies the result of the earlier
        trial, `repeat` evaluates it again with another seed.
      executor: Where children run: `local` in worker processes on this machine, `inline` in this process, `ray` on a
        Ray cluster. `auto` uses worker processes for children, and one for an evaluator function that is given by
        name; a function of this process is called in this process.
      workers: Children that are evaluated at the same time; 0 for one on each CPU core or TPU, and up to four on
        each GPU.
      ray_address: Address of a running Ray cluster. Empty to start one on this machine.
      updates: `synchronous`: the controller learns from trials in the order of their numbers, so equal seeds give
        equal trials however long each child takes. `asynchronous`: in the order in which they end (Zoph & Le 2017,
        section 3.2).
      ahead: Trials beyond the current batch that are proposed before earlier rewards are known, to keep the workers
        busy. It affects which trials a synchronous search has. -1 chooses it from the number of workers.
      child_seconds: Seconds that the evaluation of one child may take; 0 for no limit.
      child_gigabytes: Memory in GB that a worker process may use; 0 for no limit. A process that uses more is stopped.
      memory_gigabytes: Memory in GB that all workers together may plan with: memory of the machine, or of each
        accelerator if they train on one; 0 for all of it. A data set that takes more than half of a worker's share is
        read in chunks while networks are trained, with the same results.
      halving: With a value k of 2 or more, training stops early, after a few epochs, for every child that is not
        among the best 1/k so far (successive halving, Li et al. 2020). 0 trains every child to the end.
      children_per_device: Recurrent cells of one size that one program trains. 0 chooses the number by the device:
        1 on a CPU, where cells train faster one by one.
    """

    trials: int = _bounded(24, 1, 10**9, fixed=False)
    seconds: float = _bounded(0.0, 0, 10**9, fixed=False)
    epochs: int = _bounded(0, 1, 10**12, also=0, fixed=False)
    max_failures: int = _bounded(10, 1, 10**9, fixed=False)
    reward: str = field(default="", metadata={"read": _readable_formula})
    duplicates: str = field(default="reuse", metadata={"choices": ("reuse", "repeat")})
    executor: str = field(
        default="auto", metadata={**MAY_CHANGE, "choices": ("auto", "inline", "local", "ray")}
    )
    workers: int = _bounded(0, 1, 1_000, also=0, fixed=False)
    ray_address: str = field(default="", metadata=MAY_CHANGE)
    updates: str = field(default="synchronous", metadata={"choices": ("synchronous", "asynchronous")})
    ahead: int = _bounded(-1, 0, 100_000, also=-1)
    child_seconds: float = _bounded(0.0, 0, 10**9, fixed=False)
    child_gigabytes: float = _bounded(0.0, 0, 10**6, fixed=False)
    memory_gigabytes: float = _bounded(0.0, 0, 10**6, fixed=False)
    halving: int = _bounded(0, 2, 10**6, also=0)
    children_per_device: int = _bounded(0, 1, 100_000, also=0)


_IMAGE_SIZE = re.compile(r"([0-9]{1,5})(?:x([0-9]{1,5}))?")


def read_image_size(text: str) -> tuple[int, int]:
    """Reads the height and width of images.

    Raises:
      NasctlError: The text is not a size.

    >>> read_image_size("64"), read_image_size("96x128")
    ((64, 64), (96, 128))
    """
    found = _IMAGE_SIZE.fullmatch(text)
    height, width = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not (height and width):
        raise NasctlError(
            f"`{shown(text)}` is not a size of images",
            hint="a size is the number of pixels, such as 64, or HEIGHTxWIDTH, such as 96x128",
        )
    return height, width


def written_image_size(text: str) -> str:
    """The shortest text of a size of images.

    Raises:
      NasctlError: The text is not a size.

    >>> written_image_size("064x64"), written_image_size("96x128")
    ('64', '96x128')
    """
    height, width = read_image_size(text)
    return str(height) if height == width else f"{height}x{width}"


def _number_or_share_of_examples(value: float) -> float:
    """A number of examples, which is whole, or a share below 1.

    Raises:
      NasctlError: It is neither.
    """
    if value == 1 or (value > 1 and not value.is_integer()):
        raise NasctlError(
            f"data.examples cannot be {value:g}",
            hint="it is a whole number of examples, or a share of them below 1, such as 0.1; leave it out to use all",
        )
    return value


CONTROLLERS = ("reinforce", "random", "local", "evolution")
"""The searchers by name; `nasctl.controllers.make_controller` makes them."""


@dataclass(frozen=True)
class ControllerConfig:
    """Which controller proposes architectures, and how it learns.

    Attributes:
      kind: `reinforce` learns a policy. The baselines are `random` (uniform sampling), `local` (local search, White
        et al. 2021) and `evolution` (regularised evolution, Real et al. 2019); of the settings below, they read only
        `batch`.
      preset: `default` for budgets of tens to thousands of trials, `paper` for the values of Zoph & Le 2017
        (section 4.1). Settings below that are set override the preset.
      batch: Trials per update of the controller. 0 uses the preset's value, or 1 for a baseline.
      hidden: Units of each LSTM layer. 0 uses the preset's value.
      learning_rate: Step size of Adam. 0 uses the preset's value.
      barrier: Weight of the term that keeps the policy from becoming deterministic: a larger weight explores longer, 0
        turns the term off. -1 uses the preset's.
      baseline_decay: Decay of the exponential moving average of rewards. -1 uses the preset's.
      reward_model: Whether the default preset learns a model of the rewards, which also chooses among the policy's
        proposals. Without it, the preset is plain REINFORCE, as the paper's preset always is.
    """

    kind: str = field(default="reinforce", metadata={"choices": CONTROLLERS})
    preset: str = field(default="default", metadata={"choices": ("default", "paper")})
    batch: int = _bounded(0, 1, 100_000, also=0)
    hidden: int = _bounded(0, 1, 4_096, also=0)
    learning_rate: float = _bounded(0.0, 0, 1_000)
    barrier: float = _bounded(-1.0, 0, 10**6, also=-1)
    baseline_decay: float = _bounded(-1.0, 0, 1, below=True, also=-1)
    reward_model: bool = True


@dataclass(frozen=True)
class TrainingConfig:
    """How a child network is trained.

    The defaults follow Zoph & Le 2017 (section 4.1), with fewer epochs, as the embedded data set is small. Spaces of
    recurrent cells set their own.

    Attributes:
      epochs: Passes over the training examples.
      batch: Examples per step; for text, the number of streams that are read in parallel.
      learning_rate: Peak step size.
      momentum: Nesterov momentum of SGD, or the decay of Adam's first moment.
      weight_decay: L2 penalty, added to the gradient of every parameter.
      schedule: `cosine` decays the step size to zero, `constant` keeps it.
      augment: Whether the augmentation of the data set is applied.
      optimiser: `sgd`, or `adam`, which needs a much lower learning rate.
      clip: Largest norm of a gradient; a larger gradient is scaled down to it. 0 turns clipping off.
      precision: Number format that networks compute in; parameters stay in float32. Use `bfloat16` on GPUs and TPUs.
      class_weights: `balanced` gives every class the same weight in the training loss, however many examples it has.
        Metrics are not weighted.
    """

    epochs: int = _bounded(5, 1, 10**6)
    batch: int = _bounded(64, 1, 10**7)
    learning_rate: float = _bounded(0.1, 0, 1_000)
    momentum: float = _bounded(0.9, 0, 1, below=True)
    weight_decay: float = _bounded(1e-4, 0, 1_000)
    schedule: str = field(default="cosine", metadata={"choices": ("cosine", "constant")})
    augment: bool = True
    optimiser: str = field(default="sgd", metadata={"choices": ("sgd", "adam")})
    clip: float = _bounded(0.0, 0, 10**6)
    precision: str = field(default="float32", metadata={"choices": ("float32", "bfloat16")})
    class_weights: str = field(default="none", metadata={"choices": ("none", "balanced")})


@dataclass(frozen=True)
class DataConfig:
    """How the examples of a data set are read.

    Attributes:
      image_size: Height and width of images: `64`, or `96x128` for 96 rows of 128 pixels. Empty to choose it by the
        images and the machine.
      fit: How images of another size or shape get there: `crop` cuts the sides that are too long, `pad` adds
        margins, `stretch` changes the proportions. Empty for `crop`.
      examples: Training and validation examples that a search uses, chosen in proportion to the classes: a number, or
        a share below 1. 0 uses all.
      splits: How your own examples are divided into splits that your files do not state: `stable` by their content, so
        that an example stays where it is when others are added; `random` as versions up to 0.1.0 did.
    """

    image_size: str = field(default="", metadata={"read": written_image_size})
    fit: str = field(default="", metadata={"choices": ("", "crop", "pad", "stretch")})
    examples: float = field(
        default=0.0, metadata={"bounds": Bounds(0, 10**12), "read": _number_or_share_of_examples}
    )
    splits: str = field(default="stable", metadata={"choices": ("stable", "random")})


DEFAULT_DATA = DataConfig()

EARLIER_DATA = DataConfig(splits="random")
"""How versions without a section `data` read examples."""


@dataclass(frozen=True)
class Config:
    """The resolved settings of a run, written into its folder."""

    search: SearchConfig = SearchConfig()
    controller: ControllerConfig = ControllerConfig()
    training: TrainingConfig = TrainingConfig()
    data: DataConfig = DataConfig()


SECTIONS: Mapping[str, type] = {
    "search": SearchConfig,
    "controller": ControllerConfig,
    "training": TrainingConfig,
    "data": DataConfig,
}
"""The sections that `--set SECTION.KEY=VALUE` can set. A space file states those of `data` in `input image {…}`."""
