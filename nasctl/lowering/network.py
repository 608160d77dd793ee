"""Builds the Flax NNX module of a graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from flax import nnx
from jaxtyping import Array, Float

from nasctl.graph import Graph, infer_shapes, simplify
from nasctl.lowering.load import make_module
from nasctl.lowering.order import apply, examples_first, examples_last

NetworkCarry: TypeAlias = Mapping[str, Any]
"""States of a network's recurrent layers, by the name of the node."""


def build(graph: Graph, *, seed: int) -> Network:
    """The network of a graph, with freshly drawn parameters, in training mode.

    Args:
      graph: A bound graph. What is built is its normal form (`nasctl.graph.simplify`).
      seed: Decides the parameters, and what dropout drops.

    Raises:
      NasctlError: An op's module cannot be imported.
    """
    return Network(graph, rngs=nnx.Rngs(seed))


class Network(nnx.Module):
    """A network as a Flax module: one module a node, called in order.

    `network(x)` takes float32 images (N, H, W, C), or whatever else the graph's input is, and gives the value
    of the graph's output, such as logits (N, outputs). `network.train()` and `network.eval()` switch what
    differs between training and use: batch norm and dropout. Structure and arrays come apart by `nnx.split`,
    once, and go together by `nnx.merge` inside of what is compiled; the structure is hashable.

    Attributes:
      nodes: The module of each node but the inputs, by the node's name.
    """

    def __init__(self, graph: Graph, *, rngs: nnx.Rngs) -> None:
        graph = simplify(graph)
        shapes = infer_shapes(graph)
        self._wiring = tuple((node.name, node.inputs) for node in graph.nodes)
        self._inputs = tuple(index for index, node in enumerate(graph.nodes) if node.op == "input")
        self._outputs = graph.outputs
        self.nodes = nnx.Dict(
            {
                node.name: make_module(node, [shapes[source] for source in node.inputs], shape, rngs=rngs)
                for node, shape in zip(graph.nodes, shapes, strict=True)
                if node.op != "input"
            }
        )

    def __call__(self, *inputs: Float[Array, "N ..."]) -> Any:
        """The value of the graph's output; of several, a tuple. Recurrent layers begin in states of zeros.

        Args:
          *inputs: One for each `input` node, in order.
        """
        return self.run(*inputs, carry={})[0]

    def run(self, *inputs: Float[Array, "N ..."], carry: NetworkCarry) -> tuple[Any, NetworkCarry]:
        """The value of the output, and the states that recurrent layers are left in: the next piece of a text
        goes on from there.

        Args:
          *inputs: One for each `input` node, in order.
          carry: States that recurrent layers begin in, by the name of the node: `initial_carry`, or what
            another `run` gave.
        """
        given = dict(zip(self._inputs, inputs, strict=True))
        left: dict[str, Any] = {}
        values: list[Array] = []
        for index, (name, sources) in enumerate(self._wiring):
            read = [values[source] for source in sources]
            if index in given:
                values.append(examples_last(given[index]))
            elif name in carry:
                value, left[name] = self.nodes[name].run(*read, carry[name])
                values.append(value)
            else:
                values.append(apply(self.nodes[name], read))
        outputs = tuple(examples_first(values[index]) for index in self._outputs)
        return outputs[0] if len(outputs) == 1 else outputs, left

    def initial_carry(self, examples: int) -> NetworkCarry:
        """States of zeros of the recurrent layers; empty where there are none.

        Args:
          examples: Number of examples of what is run.
        """
        return {
            name: module.initial_carry(examples)
            for name, module in self.nodes.items()
            if hasattr(module, "initial_carry")
        }
