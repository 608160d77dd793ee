"""Checks on a few random architectures whether the networks of a space can be trained on a data set at all."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nasctl.architecture import Architecture
from nasctl.byte_size import size_text
from nasctl.errors import NasctlError
from nasctl.graph import Cost, Signature
from nasctl.space import Space, sample_uniform

_log = logging.getLogger(__name__)

SAMPLES = 20
"""Number of random architectures."""
SMALLER_SIZES = (224, 160, 128, 96, 64, 48, 32)
"""Sizes of images that a message proposes."""


@dataclass(frozen=True)
class Surroundings:
    """What a child is trained with.

    Attributes:
      name: The data set, for messages.
      signature: The shape of its examples and the number of outputs.
      batch: Examples of a training step.
      memory: Bytes that a child may use; 0 for no limit.
      alone: Bytes that a child may use if it is trained alone.
      resizable: Whether the examples are image files, which can be brought to another size.
    """

    name: str
    signature: Signature
    batch: int
    memory: int
    alone: int
    resizable: bool


def check_fit(space: Space, around: Surroundings) -> None:
    """Checks that random architectures of a space can be trained. Logs a warning if only some of them can.

    Args:
      space: The space.
      around: The data set, the batch and the memory.

    Raises:
      NasctlError: None of them can.
    """
    random = [Architecture.decode(space, tokens) for tokens in _random_tokens(space)]
    costs, refused = _costs(random, around.signature)
    if not costs:
        assert refused is not None
        raise NasctlError(
            f"the networks of {space.name} cannot read the {_shape(around.signature)} examples of {around.name}: "
            f"{refused.message}",
            hint=refused.hint,
        )
    allowed = [cost for cost in costs if _satisfies(space, cost)]
    if around.memory and allowed:
        _check_memory(space, allowed, random, around)
    if refused is not None:
        _log.warning(
            "%d of %d random networks of %s cannot read the %s examples of %s: %s",
            len(random) - len(costs),
            len(random),
            space.name,
            _shape(around.signature),
            around.name,
            refused.message,
        )


def _check_memory(space: Space, costs: list[Cost], random: list[Architecture], around: Surroundings) -> None:
    needed = sorted(cost.training_bytes(around.batch) for cost in costs)
    too_large = sum(need > around.memory for need in needed)
    if too_large == len(needed):
        raise NasctlError(
            f"no network of {space.name} can be trained on {around.name}: of {len(needed)} random ones, the smallest "
            f"needs {size_text(needed[0])} of memory for a batch of {around.batch} examples of "
            f"{_shape(around.signature)}, and a child may use {size_text(around.memory)}",
            hint=f"half of them would fit with {_remedies(random, needed[len(needed) // 2], around)}",
        )
    if too_large:
        _log.warning(
            "%d of %d random networks of %s need more than the %s of memory that a child may use, and would fail; "
            "all would fit with %s",
            too_large,
            len(needed),
            space.name,
            size_text(around.memory),
            _remedies(random, needed[-1], around),
        )


def _satisfies(space: Space, cost: Cost) -> bool:
    return all(
        constraint.holds(getattr(cost, constraint.measure))
        for constraint in space.constraints
        if hasattr(cost, constraint.measure)
    )


def _random_tokens(space: Space) -> Iterator[tuple[int, ...]]:
    for number in range(SAMPLES):
        yield sample_uniform(
            space, np.random.default_rng((0, number)), space.forced(0) if number == 0 else None
        )


def _costs(architectures: list[Architecture], signature: Signature) -> tuple[list[Cost], NasctlError | None]:
    """The costs of the networks that can read examples of a shape, and the error of the first that cannot."""
    costs, refused = [], None
    for architecture in architectures:
        try:
            costs.append(architecture.cost(signature))
        except NasctlError as error:
            refused = refused or error
    return costs, refused


def _remedies(architectures: list[Architecture], need: int, around: Surroundings) -> str:
    """What would make a network fit that needs so many bytes, each with its effect."""
    found = []
    if around.resizable and (smaller := _smaller_images(architectures, need, around)):
        found.append(smaller)
    halved = next(
        (around.batch >> power for power in range(1, 20) if need >> power <= around.memory), 0
    )  # activations are nearly all of the need
    if halved:
        share = need * halved / around.batch
        found.append(f"--set training.batch={halved} (about {size_text(share)})")
    if need <= around.alone and around.memory < around.alone:
        found.append(f"fewer workers (--workers 1 gives a child {size_text(around.alone)})")
    found.append("strides or pooling early in the space")
    return ", ".join(found[:-1]) + f" or {found[-1]}" if len(found) > 1 else found[0]


def _smaller_images(architectures: list[Architecture], need: int, around: Surroundings) -> str:
    height, width, channels = around.signature.input_shape
    now = _largest_need(architectures, around.signature, around.batch)
    for size in SMALLER_SIZES:
        if size < min(height, width):
            signature = Signature((size, size, channels), around.signature.outputs)
            smaller = need * _largest_need(architectures, signature, around.batch) / now
            if smaller <= around.memory:
                return f"--image-size {size} (about {size_text(smaller)})"
    return ""


def _largest_need(architectures: list[Architecture], signature: Signature, batch: int) -> int:
    costs, _ = _costs(architectures, signature)
    return max((cost.training_bytes(batch) for cost in costs), default=1)


def _shape(signature: Signature) -> str:
    return "×".join(map(str, signature.input_shape))
