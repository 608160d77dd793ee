"""A tree cell whose structure is an array, so that one compiled program serves every tree of a base.

Each node computes every combination and every activation and selects one of them. This costs more than a cell that is
compiled for its own structure. It pays where compiling takes longer than training, or where one small cell leaves an
accelerator idle. The parameters have the names and values of the cell that the graph is lowered to.

Letters: N examples, T steps, F features, H units, B leaves, M nodes of one level of the tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, Int

from nasctl.errors import NasctlError
from nasctl.graph import Graph, Node
from nasctl.graph.tree_cell import Tree, TreeOps, read_tree
from nasctl.lowering.modules import make_module
from nasctl.lowering.network import Network
from nasctl.lowering.recurrent import Carry, RecurrentCell
from nasctl.lowering.recurrent_scan import scan_steps


class Choices(nnx.Variable[Int[Array, " choices"]]):
    """The structure of a tree cell as integers: for each node, leaves first, and then for the injection the indices of
    its combination and its activation; the node whose value is the new c; the node that c is injected into."""


class DynamicTreeCell(nnx.Module):
    """Replaces a `RecurrentCell` inside a recurrent layer.

    Attributes:
      products: The matrices of the cell that it replaces.
      choices: The structure.
    """

    def __init__(self, cell: RecurrentCell, tree: Tree, ops: TreeOps) -> None:
        """Takes over the products of a cell.

        Args:
          cell: The cell to replace, lowered from its graph.
          tree: Its structure.
          ops: The ops to select from.
        """
        self.units = cell.units
        self.base = tree.base
        self.products = cell.products
        self.combines = nnx.List(map(_weightless, ops.combines))
        self.activations = nnx.List(map(_weightless, ops.activations))
        pairs = zip(
            map(ops.combines.index, tree.combines), map(ops.activations.index, tree.activations), strict=True
        )
        self.choices = Choices(
            jnp.asarray([*np.ravel([*pairs]), tree.cell_output, tree.cell_inject], jnp.int32)
        )

    def precompute(self, x: Float[Array, "*T N F"]) -> tuple[Float[Array, "*T B N H"]]:
        """W x of each leaf."""
        return (jnp.stack(self.products["x"](x), axis=-3),)

    def step(self, carry: Carry, precomputed: Sequence[Float[Array, "B N H"]]) -> Carry:
        """The new h and c, computed level by level."""
        h, c = carry
        *names, output, inject = jnp.split(self.choices[...], [4 * self.base, 4 * self.base + 1])
        combine, activate = names[0][::2], names[0][1::2]
        left, right = precomputed[0], jnp.stack(self.products["h"](h))
        before: list[Float[Array, "M N H"]] = []
        first, size = 0, self.base
        while size:
            numbers = jnp.arange(first, first + size)
            before.append(_chosen(self.combines, combine[first : first + size], left, right))
            value = _chosen(self.activations, activate[first : first + size], before[-1])
            is_inject = (numbers == inject)[:, None, None]
            entered = jnp.sum(jnp.where(is_inject, value, 0), axis=0)
            joined = _chosen(self.combines, combine[-1:], entered[None], c[None])
            value = jnp.where(is_inject, _chosen(self.activations, activate[-1:], joined), value)
            left, right = value[::2], value[1::2]
            first, size = first + size, size // 2
        all_values = jnp.concatenate(before)
        is_output = (jnp.arange(len(all_values)) == output)[:, None, None]
        return value[0], jnp.sum(jnp.where(is_output, all_values, 0), axis=0)

    def run(
        self,
        precomputed: Sequence[Float[Array, "T B N H"]],
        carry: Carry,
        length: int,
        mask: Float[Array, "T N"] | None = None,
    ) -> tuple[Float[Array, "T N H"], Carry]:
        """The outputs of T steps, and the states after the last step; see `RecurrentCell.run`."""
        return scan_steps(self.step, precomputed, carry, length, mask)

    def initialize_carry(self, input_shape: tuple[int, ...]) -> Carry:
        """States of zeros."""
        return tuple(jnp.zeros((*input_shape[:-1], self.units)) for _ in range(2))


def use_dynamic_cells(network: Network, graph: Graph, ops: TreeOps) -> None:
    """Replaces each cell of a network by a `DynamicTreeCell` with the same parameters, in place.

    Args:
      network: The network, built from the graph.
      graph: A bound graph.
      ops: The ops that the cells select from.

    Raises:
      NasctlError: The cell of a layer is not a tree cell.
    """
    for node in graph.nodes:
        if node.op == "recurrent":
            cell = node.attributes["cell"]
            tree = read_tree(cell) if isinstance(cell, Graph) else None
            if tree is None:
                raise NasctlError(
                    f"{node.name}: its cell is not a tree, so it cannot share a compiled program with others"
                )
            layer: Any = network.nodes[node.name]
            layer.cell = DynamicTreeCell(layer.cell, tree, ops)


def _weightless(op: str) -> Any:
    """The module of an op without parameters and attributes."""
    return make_module(Node(op, op), [(1,)], (1,), rngs=nnx.Rngs(0))


def _chosen(
    functions: Sequence[Any], which: Int[Array, " M"], *inputs: Float[Array, "M N H"]
) -> Float[Array, "M N H"]:
    """For each node the result of the function that it selects."""
    value: Array = functions[0](*inputs)
    for number, function in enumerate(functions[1:], start=1):
        value = jnp.where((which == number)[:, None, None], function(*inputs), value)
    return value
