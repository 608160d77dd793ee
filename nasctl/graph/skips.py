"""Connects the layers of a network by skip connections or in a chain, and adds its classifier."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from nasctl.errors import NasctlError
from nasctl.graph.graph import GraphWriter


@dataclass(frozen=True)
class Layer:
    """A layer that is not yet connected.

    Attributes:
      label: The name by which later layers refer to it: `3`.
      name: Prefix of the names of its nodes: `layer3`.
      body: Writes the nodes of the layer. It takes the index of the node to read and returns the index of the output.
      sources: Labels of the earlier layers that it reads. None in a chain, where it reads the layer before.
    """

    label: int | float | str
    name: str
    body: Callable[[int], int]
    sources: Sequence[int | float | str] | None = None


def connect_skips(
    writer: GraphWriter,
    image: int,
    layers: Iterable[Layer],
    *,
    cross: Callable[[int], int] = lambda output: output,
) -> tuple[int, ...]:
    """Writes layers and connects each to its sources, by the rules of Zoph & Le 2017, section 3.3.

    - The outputs of several sources are concatenated in depth, in the order of the layers. The op `concat` pads smaller
      maps with zeros.
    - A layer without sources reads the image.
    - The outputs that no layer reads are concatenated before the classifier (`classify`).

    In this example the layers 1 and 2 read the image, and layer 3 reads both:

        >>> writer = GraphWriter()
        >>> image = writer.add("input", name="image")
        >>> def body(name, filters):
        ...     return lambda source: writer.add(
        ...         "conv2d", [source], name=f"{name}.conv", kernel=(3, 3), stride=(1, 1), filters=filters
        ...     )
        >>> ends = connect_skips(writer, image, [
        ...     Layer(1, "layer1", body("layer1", 24), sources=()),
        ...     Layer(2, "layer2", body("layer2", 36), sources=()),
        ...     Layer(3, "layer3", body("layer3", 48), sources=(1, 2)),
        ... ])
        >>> graph = writer.finish([classify(writer, ends)])
        >>> [(node.name, node.inputs) for node in graph.nodes][3:]
        [('layer3.inputs', (1, 2)), ('layer3.conv', (3,)), ('output.pool', (4,)), ('output', (5,))]

    Args:
      writer: Collects the nodes.
      image: Index of the node of the image.
      layers: The layers in order.
      cross: Maps the index of an output to the index of what a later layer reads instead, such as the pooled output. It
        is called when that layer is written.

    Returns:
      Indices of the outputs that no layer reads, in order. The index of the image if there are no layers.

    Raises:
      NasctlError: A source of a layer is not an earlier layer.
    """
    outputs: dict[int | float | str, int] = {}
    feeding: set[int | float | str] = set()
    for layer in layers:
        sources = list(outputs)[-1:] if layer.sources is None else layer.sources
        for source in sources:
            if source not in outputs:
                raise NasctlError(f"{layer.name} cannot read layer {source}, which does not come before it")
        feeding.update(sources)
        read = [output for label, output in outputs.items() if label in set(sources)] or [image]
        read = [cross(output) for output in read]
        joined = writer.add("concat", read, name=f"{layer.name}.inputs") if len(read) > 1 else read[0]
        outputs[layer.label] = layer.body(joined)
    return tuple(output for label, output in outputs.items() if label not in feeding) or (image,)


def classify(writer: GraphWriter, ends: Sequence[int]) -> int:
    """Writes the classifier: global average pooling of each map, concatenation, and a dense layer.

    Args:
      writer: Collects the nodes.
      ends: Indices of the outputs that no layer reads, as `connect_skips` returns them.

    Returns:
      Index of the dense node. Its number of units is bound by the task.
    """
    names = (
        ["output.pool"] if len(ends) == 1 else [f"output.pool{number}" for number in range(1, len(ends) + 1)]
    )
    pooled = [
        writer.add("global_average_pool", [end], name=name) for name, end in zip(names, ends, strict=True)
    ]
    joined = writer.add("concat", pooled, name="output.inputs") if len(pooled) > 1 else pooled[0]
    return writer.add("dense", [joined], name="output")
