"""Two spaces of more than a hundred decisions, and a cheap synthetic reward of the decoded network.

The reward is the strength of the network's output signal minus a penalty on its parameters. Every map has a strength
and a receptive field:

- A convolution adds its kernel size to the receptive field. It multiplies the strength by a factor that is largest when
  the kernel suits the field: small kernels early, larger kernels for larger fields.
- A layer with several inputs keeps the strength of the strongest. Each other input adds a little, more the more its
  receptive field differs.
- Pooling enlarges the receptive field and costs strength.
- More filters give more strength with diminishing returns. The parameters of an edge grow with the filters at both of
  its ends, so a skip connection may pay from one layer and not from the next.

The value of a decision therefore depends on the paths that lead to it. The reward is not a sum over decisions or pairs
of decisions, and the order of the layers, which is the order in which the LSTM reads them, matters.
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
    """Returns the spaces by name."""
    return {
        "15 layers, anchors": parse_space(CONVOLUTIONS, name="anchors"),
        "36 typed layers": parse_space(TYPED, name="typed"),
    }


def reward(space: Space, tokens: tuple[int, ...]) -> float:
    """Returns the strength of the decoded network's output minus the penalty on its parameters."""
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
