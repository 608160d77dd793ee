"""The Flax NNX module of a graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from flax import nnx
from jaxtyping import Array, Shaped

from nasctl.graph import Graph, infer_shapes, simplify
from nasctl.lowering.data_layout import apply, examples_first, examples_last
from nasctl.lowering.modules import make_module

NetworkCarry: TypeAlias = Mapping[str, Any]
"""The states of a network's recurrent layers, by the name of the node."""


def build(graph: Graph, *, seed: int) -> Network:
    """Builds the network of a graph, with freshly drawn parameters and in training mode.

    Args:
      graph: A bound graph. The network computes its normal form (`nasctl.graph.simplify`).
      seed: Seed of the initial parameters and of dropout.

    Raises:
      NasctlError: The module of an op cannot be imported.
    """
    return Network(graph, rngs=nnx.Rngs(seed))


class Network(nnx.Module):
    """A network as a Flax module, with one module for each node of its graph.

    `network(x)` computes the graph's output, for example logits (N, outputs) from float32 images (N, H, W, C).
    `network.train()` and `network.eval()` switch batch normalisation and dropout between training and evaluation.

    To compile a function of a network, call `nnx.split` once outside of the function and `nnx.merge` inside. The
    structure that `nnx.split` returns is hashable.

    Attributes:
      nodes: The modules by the name of their node. Input nodes have none.
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

    def __call__(self, *inputs: Shaped[Array, "N ..."]) -> Any:
        """Computes the output of the graph, with recurrent layers starting from states of zeros.

        Args:
          *inputs: One array for each `input` node, in order.

        Returns:
          The value of the output node, or a tuple if the graph has several outputs.
        """
        return self.run(*inputs, carry={})[0]

    def run(self, *inputs: Shaped[Array, "N ..."], carry: NetworkCarry) -> tuple[Any, NetworkCarry]:
        """Computes the output of the graph, with recurrent layers starting from given states.

        Args:
          *inputs: One array for each `input` node, in order.
          carry: The initial states of the recurrent layers: `initial_carry`, or the states that the previous `run`
            returned, so that a long text can be processed in pieces.

        Returns:
          The value of the output node, or a tuple if the graph has several outputs; and the final states.
        """
        values_of_inputs = dict(zip(self._inputs, inputs, strict=True))
        final: dict[str, Any] = {}
        values: list[Array] = []
        for index, (name, sources) in enumerate(self._wiring):
            read = [values[source] for source in sources]
            if index in values_of_inputs:
                values.append(examples_last(values_of_inputs[index]))
            elif name in carry:
                value, final[name] = self.nodes[name].run(read[0], carry[name], *read[1:])
                values.append(value)
            else:
                values.append(apply(self.nodes[name], read))
        outputs = tuple(examples_first(values[index]) for index in self._outputs)
        return outputs[0] if len(outputs) == 1 else outputs, final

    def initial_carry(self, examples: int) -> NetworkCarry:
        """Returns states of zeros for all recurrent layers; an empty mapping if the network has none.

        Args:
          examples: N.
        """
        return {
            name: module.initial_carry(examples)
            for name, module in self.nodes.items()
            if hasattr(module, "initial_carry")
        }
