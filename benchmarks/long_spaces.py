"""Two spaces of more than a hundred decisions, under a cheap reward that depends on the decoded network.

The reward of a network is that of its signal, less a price for its parameters. Every map carries a strength
and the extent of the image that it sees. A convolution adds its kernel to that extent and multiplies the
strength by how well the kernel suits it: small kernels early, larger ones the more was seen. A layer of
several inputs keeps the strongest in full and gains a little from each other one, by how differently far they
see. Pooling widens the extent and costs strength. Width pays with diminishing returns, and its price grows
with both ends of an edge, so a skip connection may be worth it from one layer and not from the next. So a
decision is good or bad by what lies on the paths that lead to it: no sum over decisions or over pairs of them
has these values, and the order of layers, along which the LSTM reads, is what matters.
"""

from __future__ import annotations

import math

from nasctl.dialects import parse_space
from nasctl.graph import Graph, Signature, bind, infer_shapes, measure_cost
from nasctl.space import Space

SIGNATURE = Signature((32, 32, 3), 10)

CONVOLUTIONS = """
space cnn
input image
layers 15
layer {
  conv { height in {1, 3, 5, 7}  width in {1, 3, 5, 7}  filters in {24, 36, 48, 64} }
  batch_norm
  relu
  skip anchors
}
output classifier
"""

TYPED = """
space cnn
input image
layers 36
layer {
  one of {
    conv { height in {1, 3, 5, 7}  width in {1, 3, 5, 7}  filters in {24, 36, 48, 64} }
    separable_conv { size in {3, 5, 7}  filters in {24, 36, 48, 64} }
    max_pool { size in {2, 3, 5}  stride 1 }
  }
  relu
}
output classifier
"""


def spaces() -> dict[str, Space]:
    """The spaces by name."""
    return {
        "15 layers, anchors": parse_space(CONVOLUTIONS, name="anchors"),
        "36 typed layers": parse_space(TYPED, name="typed"),
    }


def reward(space: Space, tokens: tuple[int, ...]) -> float:
    """Signal of the decoded network less the price of its parameters."""
    graph = bind(space.decode(tokens).graph, SIGNATURE)
    return 10 * _signal(graph) - 1.2 * math.log10(measure_cost(graph).params)


def _signal(graph: Graph) -> float:
    shapes = infer_shapes(graph)
    seen: list[float] = []
    strength: list[float] = []
    for node, shape in zip(graph.nodes, shapes, strict=True):
        if not node.inputs:
            seen.append(1.0)
            strength.append(1.0)
            continue
        order = sorted(node.inputs, key=lambda index: -strength[index])
        extent, power = seen[order[0]], strength[order[0]]
        for other in order[1:]:
            power += 0.05 * strength[other] * math.tanh(abs(math.log(seen[other] / extent)))
        if node.op in ("conv2d", "separable_conv2d", "max_pool"):
            size = math.sqrt(math.prod(node.attributes["kernel"]))
            fit = math.exp(-((math.log(size) - math.log(1 + extent / 4)) ** 2))
            extent += size - 1
            power *= 0.9 if node.op == "max_pool" else 0.8 + 0.35 * fit * math.tanh(shape[-1] / 40)
        seen.append(extent)
        strength.append(power)
    return math.log(strength[graph.outputs[0]])
