"""Connects the layers of a network, by skip connections or in a chain, and closes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from nasctl.errors import NasctlError
from nasctl.graph.graph import GraphWriter


@dataclass(frozen=True)
class Layer:
    """One layer before it is connected.

    Attributes:
      label: How later layers refer to it, unique among the layers: `3`.
      name: Prefix of its nodes' names: `layer3`.
      body: Writes the layer's nodes with the writer; called with the index of the node that it reads, it
        gives the index of its output.
      sources: Labels of the earlier layers that feed it, as an anchor decided; None in a chain: the layer
        before.
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
    """Writes layers, each connected to those that feed it, with the repairs of Zoph & Le 2017, section 3.3.

    The outputs of several sources are concatenated in depth, in the order of the layers (smaller maps are
    padded with zeros: the third repair, which is the `concat` op's). A layer that nothing feeds takes the
    image. The outputs that feed nothing are what `classify` concatenates before the classifier.

    Example: layers 1 and 2 read the image, 3 reads both.

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
      writer: Where the nodes go.
      image: Index of the node that stands for the image.
      layers: In order; each is written when its turn comes.
      cross: What is done to an output on its way into a layer, as where it is pooled in between; called with its
        index when the layer's turn has come, it gives the index of what is read instead.

    Returns:
      Indices of the outputs of the layers that feed no other, in order; the image's if there are no layers.

    Raises:
      NasctlError: A layer names a source that does not come before it.
    """
    outputs: dict[int | float | str, int] = {}
    feeding: set[int | float | str] = set()
    for layer in layers:
        sources = list(outputs)[-1:] if layer.sources is None else layer.sources
        for source in sources:
            if source not in outputs:
                raise NasctlError(
                    f"{layer.name} cannot be fed by layer {source}, which does not come before it"
                )
        feeding.update(sources)
        read = [output for label, output in outputs.items() if label in set(sources)] or [image]
        read = [cross(output) for output in read]
        joined = writer.add("concat", read, name=f"{layer.name}.inputs") if len(read) > 1 else read[0]
        outputs[layer.label] = layer.body(joined)
    return tuple(output for label, output in outputs.items() if label not in feeding) or (image,)


def classify(writer: GraphWriter, ends: Sequence[int]) -> int:
    """Writes what ends a classifier: each map averaged over its places, all concatenated, one dense layer.

    Args:
      writer: Where the nodes go.
      ends: Indices of the outputs that feed nothing, as `connect_skips` returns them.

    Returns:
      Index of the dense node, whose number of units the task binds.
    """
    names = (
        ["output.pool"] if len(ends) == 1 else [f"output.pool{number}" for number in range(1, len(ends) + 1)]
    )
    pooled = [
        writer.add("global_average_pool", [end], name=name) for name, end in zip(names, ends, strict=True)
    ]
    joined = writer.add("concat", pooled, name="output.inputs") if len(pooled) > 1 else pooled[0]
    return writer.add("dense", [joined], name="output")
