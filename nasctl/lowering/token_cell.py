"""A tree cell that takes its tokens as an array: one program serves all cells of a base, and K of them at once.

Every combination and every activation is computed for every node and one is chosen. That costs more than a cell that
is compiled for itself, and pays where compiling costs more than running, or where one small cell leaves a chip idle.
The parameters are those of the lowered graph, under the same names.

Letters: N examples, T steps, F features, H units, B leaves, M nodes of one level of the tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, Int

from nasctl.dialects.rnn.tree import Tree, read_tree
from nasctl.errors import NasctlError
from nasctl.graph import Graph, Node
from nasctl.lowering.load import make_module
from nasctl.lowering.network import Network
from nasctl.lowering.recurrent import Carry, RecurrentCell
from nasctl.lowering.through_time import scan_steps


class Tokens(nnx.Variable[Int[Array, " tokens"]]):
    """Which cell it is: combination and activation of each node, leaves first, then of the injection, as numbers of
    ops; the node that gives c; the node that c enters."""


class TokenCell(nnx.Module):
    """In the place of a `RecurrentCell` inside a recurrent layer.

    Attributes:
      products: Those of the cell in whose place it stands.
      tokens: Which cell it is.
    """

    def __init__(
        self, cell: RecurrentCell, tree: Tree, combines: tuple[str, ...], activations: tuple[str, ...]
    ) -> None:
        """Takes over a cell's products.

        Args:
          cell: The cell, lowered from its graph.
          tree: What it is.
          combines: The combinations that any cell may have.
          activations: The activations that any cell may have.
        """
        self.units = cell.units
        self.base = tree.base
        self.products = cell.products
        self.combines = nnx.List(map(_weightless, combines))
        self.activations = nnx.List(map(_weightless, activations))
        pairs = zip(map(combines.index, tree.combines), map(activations.index, tree.activations), strict=True)
        self.tokens = Tokens(
            jnp.asarray([*np.ravel([*pairs]), tree.cell_output, tree.cell_inject], jnp.int32)
        )

    def ahead(self, x: Float[Array, "*T N F"]) -> tuple[Float[Array, "*T B N H"]]:
        """The products of x, one a leaf."""
        return (jnp.stack(self.products["x"](x), axis=-3),)

    def step(self, carry: Carry, handed: Sequence[Float[Array, "B N H"]]) -> Carry:
        """The new h and c, level by level of the tree."""
        h, c = carry
        *names, output, inject = jnp.split(self.tokens[...], [4 * self.base, 4 * self.base + 1])
        combine, activate = names[0][::2], names[0][1::2]
        left, right = handed[0], jnp.stack(self.products["h"](h))
        before: list[Float[Array, "M N H"]] = []
        first, size = 0, self.base
        while size:
            numbers = jnp.arange(first, first + size)
            before.append(_chosen(self.combines, combine[first : first + size], left, right))
            value = _chosen(self.activations, activate[first : first + size], before[-1])
            here = (numbers == inject)[:, None, None]
            entered = jnp.sum(jnp.where(here, value, 0), axis=0)
            joined = _chosen(self.combines, combine[-1:], entered[None], c[None])
            value = jnp.where(here, _chosen(self.activations, activate[-1:], joined), value)
            left, right = value[::2], value[1::2]
            first, size = first + size, size // 2
        every = jnp.concatenate(before)
        gives = (jnp.arange(len(every)) == output)[:, None, None]
        return value[0], jnp.sum(jnp.where(gives, every, 0), axis=0)

    def run(
        self, handed: Sequence[Float[Array, "T B N H"]], carry: Carry, length: int
    ) -> tuple[Float[Array, "T N H"], Carry]:
        """The outputs of T steps, and the states after the last."""
        return scan_steps(self.step, handed, carry, length)

    def initialize_carry(self, input_shape: tuple[int, ...]) -> Carry:
        """States of zeros."""
        return tuple(jnp.zeros((*input_shape[:-1], self.units)) for _ in range(2))


def take_tokens(
    network: Network, graph: Graph, combines: tuple[str, ...], activations: tuple[str, ...]
) -> None:
    """Puts a `TokenCell` in the place of each cell of a network; its parameters stay what they are.

    Args:
      network: Built from the graph.
      graph: A bound graph.
      combines: The combinations that any cell may have.
      activations: The activations that any cell may have.

    Raises:
      NasctlError: A layer's cell is no tree.
    """
    for node in graph.nodes:
        if node.op == "recurrent":
            cell = node.attributes["cell"]
            tree = read_tree(cell) if isinstance(cell, Graph) else None
            if tree is None:
                raise NasctlError(
                    f"{node.name}: its cell is no tree, so it cannot share a program with others"
                )
            layer: Any = network.nodes[node.name]
            layer.cell = TokenCell(layer.cell, tree, combines, activations)


def _weightless(op: str) -> Any:
    """The module of an op that has neither parameters nor attributes."""
    return make_module(Node(op, op), [(1,)], (1,), rngs=nnx.Rngs(0))


def _chosen(
    functions: Sequence[Any], which: Int[Array, " M"], *inputs: Float[Array, "M N H"]
) -> Float[Array, "M N H"]:
    """What the function of each node gives."""
    value: Array = functions[0](*inputs)
    for number, function in enumerate(functions[1:], start=1):
        value = jnp.where((which == number)[:, None, None], function(*inputs), value)
    return value
