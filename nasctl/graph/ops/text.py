"""Ops that turn the words of a text into vectors and back.

`embedding` and `dense` have one matrix each. To share one matrix between them (Inan et al. 2017, Press & Wolf 2017), a
`table` node contains it, and a `lookup` and an `unembed` node read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from nasctl.errors import NasctlError
from nasctl.graph.ops.op import Cost, Op
from nasctl.graph.ops.reading import only, positive_integer, shown_shape

if TYPE_CHECKING:
    from nasctl.graph.graph import Shape
    from nasctl.graph.ops.op import Attributes


def _embedding_shape(attributes: Attributes, inputs: Sequence[Shape]) -> Shape:
    positive_integer(attributes, "vocabulary")
    return _steps(only(inputs)), positive_integer(attributes, "units")


def _table_shape(attributes: Attributes, inputs: Sequence[Shape]) -> Shape:
    if inputs:
        raise NasctlError(f"a table reads nothing, but is given {len(inputs)} inputs")
    return positive_integer(attributes, "vocabulary"), positive_integer(attributes, "units")


def _lookup_shape(attributes: Attributes, inputs: Sequence[Shape]) -> Shape:
    text, table = _with_table(inputs)
    return _steps(text), table[1]


def _unembed_shape(attributes: Attributes, inputs: Sequence[Shape]) -> Shape:
    sequence, table = _with_table(inputs)
    if len(sequence) != 2 or sequence[1] != table[1]:
        raise NasctlError(
            f"it reads a sequence of vectors as long as those of its table, but is given {shown_shape(sequence)} "
            f"and a table of {shown_shape(table)}",
            hint="with a shared embedding, the last layer needs as many units as the embedding",
        )
    return sequence[0], table[0]


def _steps(text: Shape) -> int:
    if len(text) != 1:
        raise NasctlError(f"it reads a text (steps,), but is given {shown_shape(text)}")
    return text[0]


def _with_table(inputs: Sequence[Shape]) -> tuple[Shape, Shape]:
    if len(inputs) != 2 or len(inputs[1]) != 2:
        raise NasctlError("it reads two inputs, the second a table")
    return inputs[0], inputs[1]


def _label(name: str, attributes: Attributes) -> str:
    return f"{name} {attributes['units']}" if "units" in attributes else name


embedding = Op(
    "embedding",
    shape=_embedding_shape,
    cost=lambda attributes, inputs, output: Cost(
        params=positive_integer(attributes, "vocabulary") * output[1]
    ),
    label=lambda attributes: _label("embedding", attributes),
    family="compute",
    lowering="nasctl.lowering.embedding:Embedding",
    roles=("embedding",),
)

# Its value is a parameter and the same for all examples, so it does not count as an activation.
table = Op(
    "table",
    shape=_table_shape,
    cost=lambda attributes, inputs, output: Cost(params=prod(output), activation_bytes=-4 * prod(output)),
    label=lambda attributes: _label("table", attributes),
    family="source",
    lowering="nasctl.lowering.embedding:Table",
    roles=("embedding",),
)

lookup = Op(
    "lookup",
    shape=_lookup_shape,
    cost=lambda attributes, inputs, output: Cost(),
    label=lambda attributes: "lookup",
    family="compute",
    lowering="nasctl.lowering.embedding:Lookup",
    roles=(),
)

# The logits: products with the rows of the table, plus a bias.
unembed = Op(
    "unembed",
    shape=_unembed_shape,
    cost=lambda attributes, inputs, output: Cost(
        params=output[1], flops=2 * inputs[0][1] * prod(output), depth=1
    ),
    label=lambda attributes: "unembed",
    family="output",
    lowering="nasctl.lowering.embedding:Unembed",
    roles=(),
)
