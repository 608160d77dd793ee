"""The settings of a run: one typed schema, and one order of precedence (defaults < space file < command line)."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, get_type_hints

from nasctl.errors import NasctlError
from nasctl.formula import read_formula


@dataclass(frozen=True)
class SearchConfig:
    """How long a search goes on, where its children run and how it treats its trials.

    Attributes:
      trials: Number of trials after which the search stops.
      seconds: Wall-clock time after which it stops, in seconds; 0 for no limit.
      epochs: Training epochs, over all children, after which it stops; 0 for no limit.
      max_failures: Failed trials in a row after which it stops with the reason.
      reward: What the controller maximises, as a formula of what is measured, such as
        `accuracy * (latency / 20) ^ -0.07`; empty for what the task or the evaluator calls the reward.
      duplicates: An architecture that was tried before is answered from the store (`reuse`) or trained again with
        another seed (`repeat`).
      executor: `local` for worker processes on this machine, `inline` for this process, `ray` for a Ray cluster;
        `auto` takes worker processes for children and this process for functions.
      workers: Children that are evaluated at once; 0 for one on each core or TPU, and up to four on a GPU.
      ray_address: Address of a running Ray cluster; one is started here unless given.
      updates: `synchronous`: the controller learns from trials in the order of their numbers, so that equal seeds
        give equal trials however fast each child is; `asynchronous`: in the order in which they end (Zoph & Le
        2017, section 3.2).
      ahead: Trials whose rewards a proposal does not wait for, beyond the batch that it belongs to: what keeps
        the workers busy; negative to choose by their number. Decides the trials of a synchronous search.
      child_seconds: Time that one child may take; 0 for no limit.
      child_gigabytes: Memory that the process of a child may use; 0 for no limit.
      halving: Where 2 or more, a child is trained further at each of a few epochs only if it is among the best of
        that many so far (successive halving, Li et al. 2020); 0 to train each to its end.
      children_per_device: Children that one program trains at once, where a space allows it; 0 to choose by the
        device: 1 on a CPU, where a cell that is compiled for itself is faster.
    """

    trials: int = 24
    seconds: float = 0.0
    epochs: int = 0
    max_failures: int = 10
    reward: str = field(default="", metadata={"read": read_formula})
    duplicates: str = field(default="reuse", metadata={"choices": ("reuse", "repeat")})
    executor: str = field(default="auto", metadata={"choices": ("auto", "inline", "local", "ray")})
    workers: int = 0
    ray_address: str = ""
    updates: str = field(default="synchronous", metadata={"choices": ("synchronous", "asynchronous")})
    ahead: int = -1
    child_seconds: float = 0.0
    child_gigabytes: float = 0.0
    halving: int = 0
    children_per_device: int = 0


@dataclass(frozen=True)
class ControllerConfig:
    """Which searcher proposes the token strings, and how it learns.

    Attributes:
      kind: `reinforce` learns a policy; the plain rivals are `random` for uniform sampling, `local` for local search
        (White et al. 2021) and `evolution` for regularised evolution (Real et al. 2019), of which only `batch` below
        is a setting.
      preset: `default` for budgets of tens to thousands of trials, `paper` for the settings of Zoph & Le 2017
        (section 4.1); the fields below, where given, take precedence over it.
      batch: Trials that are learned from at once. 0 takes the preset's, or 1 where there is none.
      hidden: Units of each LSTM layer. 0 takes the preset's.
      learning_rate: Step size of Adam. 0 takes the preset's.
      barrier: Weight of the term that keeps the policy from becoming certain: larger explores longer, 0 not at
        all. Negative takes the preset's.
      baseline_decay: Decay of the exponential moving average of rewards; negative takes the preset's.
      reward_model: Whether the default preset learns from a model of the rewards, which also chooses among its
        proposals; without it, it is plain REINFORCE, as the paper's preset always is.
    """

    kind: str = field(
        default="reinforce", metadata={"choices": ("reinforce", "random", "local", "evolution")}
    )
    preset: str = field(default="default", metadata={"choices": ("default", "paper")})
    batch: int = 0
    hidden: int = 0
    learning_rate: float = 0.0
    barrier: float = -1.0
    baseline_decay: float = -1.0
    reward_model: bool = True


@dataclass(frozen=True)
class TrainingConfig:
    """How a child network is trained: as in the paper's section 4.1, where a data set of that size is at hand.

    Spaces of recurrent cells bring settings of their own.

    Attributes:
      epochs: Passes over the training examples.
      batch: Examples a step; of a text, the streams that are read side by side.
      learning_rate: Peak step size.
      momentum: Nesterov momentum of SGD, or the decay of Adam's first moment.
      weight_decay: L2 penalty added to the gradient of every parameter.
      schedule: `cosine` decay to zero, or `constant`.
      augment: Whether the data set's augmentation is applied.
      optimiser: `sgd`, or `adam`, which needs a much lower learning rate.
      clip: Norm that a gradient is scaled down to where it is longer; 0 for none.
      precision: What networks compute in; parameters are kept in float32. `bfloat16` is for GPUs and TPUs.
    """

    epochs: int = 5
    batch: int = 64
    learning_rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 1e-4
    schedule: str = field(default="cosine", metadata={"choices": ("cosine", "constant")})
    augment: bool = True
    optimiser: str = field(default="sgd", metadata={"choices": ("sgd", "adam")})
    clip: float = 0.0
    precision: str = field(default="float32", metadata={"choices": ("float32", "bfloat16")})


@dataclass(frozen=True)
class Config:
    """The resolved settings of a run, written into its folder."""

    search: SearchConfig = SearchConfig()
    controller: ControllerConfig = ControllerConfig()
    training: TrainingConfig = TrainingConfig()


SECTIONS: Mapping[str, type] = {
    "search": SearchConfig,
    "controller": ControllerConfig,
    "training": TrainingConfig,
}
"""The sections that a space file and `--set SECTION.KEY=VALUE` may set."""


def check_setting(section: str, key: str, value: object) -> int | float | str | bool:
    """Checks one setting against the schema and returns it in the schema's type.

    Args:
      section: `search`, `controller` or `training`.
      key: A field of the section.
      value: A number, a boolean or a string; strings are read as the field's type.

    Raises:
      NasctlError: There is no such section or key, or the value does not fit.
    """
    schema = SECTIONS.get(section)
    if schema is None:
        raise NasctlError(f"there is no section `{section}` of settings", hint=_nearest(section, SECTIONS))
    known = {item.name: item for item in fields(schema)}
    if key not in known:
        raise NasctlError(f"{section} has no setting `{key}`", hint=_nearest(key, known))
    kind = get_type_hints(schema)[key]
    converted = _convert(value, kind)
    if converted is None:
        raise NasctlError(f"{section}.{key} must be {_ARTICLES[kind]}, not `{value}`")
    choices = known[key].metadata.get("choices")
    if choices and converted not in choices:
        raise NasctlError(
            f"{section}.{key} cannot be `{converted}`", hint=f"it is one of {', '.join(choices)}"
        )
    read = known[key].metadata.get("read")
    if read and converted:
        read(converted)
    return converted


def resolve(*layers: Mapping[str, Mapping[str, object]]) -> Config:
    """The settings that result from layers of `{section: {key: value}}`, later layers taking precedence.

    Raises:
      NasctlError: A name or a value does not fit the schema.
    """
    config = Config()
    for layer in layers:
        for section, keys in layer.items():
            checked: dict[str, Any] = {key: check_setting(section, key, value) for key, value in keys.items()}
            config = replace(config, **{section: replace(getattr(config, section), **checked)})
    return config


_ARTICLES = {int: "a whole number", float: "a number", str: "a word", bool: "true or false"}


def _convert(value: object, kind: type) -> int | float | str | bool | None:
    if kind is bool:
        return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value))
    if kind is str:
        return value if isinstance(value, str) else None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    if kind is float:
        return number
    return int(number) if number.is_integer() else None


def _nearest(word: str, known: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean `{close[0]}`?" if close else f"it is one of {', '.join(known)}"
