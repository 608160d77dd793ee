"""Flax modules of recurrent layers: a cell generated from its Graph, and the scan that runs it over a
sequence.

Letters: N examples, T steps, F features of the input, H units of a state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from nasctl.graph import Attribute, Graph, Shape, infer_shapes, simplify
from nasctl.graph.ops.recurrent import bind_cell
from nasctl.lowering.cell_plan import Step, plan_cell, product_widths
from nasctl.lowering.load import make_module
from nasctl.lowering.products import FusedProducts, split
from nasctl.lowering.through_time import Product, run_through_time, scan_steps

Carry: TypeAlias = tuple[Float[Array, "*N H"], ...]
"""The states between two steps, in the order of the cell's graph: h and c of a tree cell."""


class RecurrentCell(nnx.RNNCellBase):
    """One step of a cell that is given as a Graph; works in `flax.nnx.RNN` as it is.

    Products that read the same vector are one product: one for the W x of all leaves, one for all their U h.

    Attributes:
      products: The fused products by the name of what they read: `products["x"].kernel` holds all W side
      by side,
        in the order of the leaves.
      ops: The modules of all other ops, by the name of the node.
    """

    def __init__(self, cell: Graph, features: int, units: int, *, rngs: nnx.Rngs) -> None:
        """Draws the parameters.

        Args:
          cell: One step as a graph (`nasctl.graph.ops.recurrent`).
          features: Size of x.
          units: Size of each state.
          rngs: Source of the parameters.
        """
        body = simplify(bind_cell(cell, features, units))
        shapes = infer_shapes(body)
        self.units = units
        self.plan = plan_cell(cell, body)
        steps = (*self.plan.ahead, *self.plan.products, *self.plan.combine)
        self.products = nnx.Dict(
            {
                step.name: FusedProducts(
                    shapes[step.reads[0]][0],
                    product_widths(step, shapes),
                    use_bias=bool(body.nodes[step.gives[0]].attributes.get("bias")),
                    rngs=rngs,
                )
                for step in steps
                if step.fused
            }
        )
        for step in self.plan.products:
            bias = self.products[step.name].bias
            if bias is not None:
                bias[...] = _first_biases(body, step, shapes)
        self.ops = nnx.Dict(
            {
                step.name: make_module(
                    body.nodes[step.gives[0]],
                    [shapes[index] for index in step.reads],
                    shapes[step.gives[0]],
                    rngs=rngs,
                )
                for step in steps
                if not step.fused
            }
        )

    def ahead(self, x: Float[Array, "*N F"]) -> tuple[Array, ...]:
        """What depends on x alone, as `step` takes it; x may have any leading axes, such as that of time."""
        values = {} if self.plan.x is None else {self.plan.x: x}
        self._compute(self.plan.ahead, values)
        return tuple(values[index] for index in self.plan.handed)

    def step(self, carry: Carry, handed: Sequence[Array]) -> Carry:
        """The new states, from the old ones and what `ahead` gave for the step."""
        products = self.state_products
        computed = [product(carry[number]) for product, number in zip(products, self.plan.reads, strict=True)]
        return self.combine(handed, computed, carry)

    @property
    def state_products(self) -> list[Product]:
        """What states are multiplied with at every step."""
        modules = [self.products[step.name] for step in self.plan.products]
        return [
            Product(module.kernel[...], None if module.bias is None else module.bias[...])
            for module in modules
        ]

    def combine(self, handed: Sequence[Array], computed: Sequence[Array], carry: Carry) -> Carry:
        """What is left of a step when the products of the states are known, each still in one piece."""
        values = dict(zip(self.plan.handed, handed, strict=True))
        for index, state in zip(self.plan.states, carry, strict=True):
            if index is not None:
                values[index] = state
        for step, fused in zip(self.plan.products, computed, strict=True):
            values.update(zip(step.gives, split(fused, self.products[step.name].widths), strict=True))
        self._compute(self.plan.combine, values)
        return tuple(values[index] for index in self.plan.outputs)

    def __call__(self, carry: Carry, x: Float[Array, "*N F"]) -> tuple[Carry, Float[Array, "*N H"]]:
        """The new states and the output of the step, which is the first of them."""
        carry = self.step(carry, self.ahead(x))
        return carry, carry[0]

    def run(
        self, handed: Sequence[Float[Array, "T N ..."]], carry: Carry, length: int
    ) -> tuple[Float[Array, "T N H"], Carry]:
        """The outputs of T steps, and the states after the last.

        Args:
          handed: What `ahead` gave for all steps.
          carry: The states before the first.
          length: T.
        """
        if self.has_inner_weights:
            return scan_steps(self.step, handed, carry, length)
        return run_through_time(self.combine, self.state_products, self.plan.reads, handed, carry, length)

    def initialize_carry(
        self, input_shape: tuple[int, ...], rngs: object = None, carry_init: object = None
    ) -> Carry:
        """States of zeros.

        Args:
          input_shape: Shape of x with its leading axes.
          rngs: Not used; the signature is that of Flax.
          carry_init: Not used.
        """
        return tuple(jnp.zeros((*input_shape[:-1], self.units)) for _ in self.plan.states)

    @property
    def has_inner_weights(self) -> bool:
        """Whether the cell has weights, or random streams, beside the products of x and of its states."""
        ops = [self.ops[step.name] for step in self.plan.combine if not step.fused]
        return len(ops) < len(self.plan.combine) or bool(jax.tree.leaves(nnx.state(ops)))

    @property
    def num_feature_axes(self) -> int:
        """Axes of x that are not of the batch."""
        return 1

    def _compute(self, steps: Iterable[Step], values: dict[int, Array]) -> None:
        for step in steps:
            inputs = [values[index] for index in step.reads]
            results = self.products[step.name](*inputs) if step.fused else (self.ops[step.name](*inputs),)
            values.update(zip(step.gives, results, strict=True))


def _first_biases(body: Graph, step: Step, shapes: Sequence[Shape]) -> Float[Array, " P"]:
    """Where the biases of fused products begin: at one where W x and U h + b are multiplied, else at zero.

    So (W x) ⊙ (U h + b) begins as W x plus the second-order term (the β of Wu et al. 2016, On multiplicative
    integration with recurrent neural networks). From zero, a state of zero makes it zero, and where all that leads to
    the new state is such a product, the state stays zero and no gradient arrives: one random tree of base 8 in seven.
    """

    def begins_at_one(product: int) -> bool:
        return any(
            node.op == "elem_mult"
            and product in node.inputs
            and all(body.nodes[source].op == "linear" for source in node.inputs)
            for node in body.nodes
        )

    return jnp.concatenate([jnp.full(shapes[index], float(begins_at_one(index))) for index in step.gives])


class Recurrent(nnx.Module):
    """A layer that runs its cell over a sequence in one `lax.scan`.

    The products of x are one product for the whole sequence, before the scan. They enter it as separate
    arrays: slices that are taken inside of it stop the fusion of what follows, and their gradients are
    padded and added.
    """

    def __init__(
        self,
        attributes: Mapping[str, Attribute],
        input_shapes: Sequence[Shape],
        output_shape: Shape,
        *,
        rngs: nnx.Rngs,
    ) -> None:
        cell = attributes["cell"]
        assert isinstance(cell, Graph)
        self.cell = RecurrentCell(cell, input_shapes[0][-1], output_shape[-1], rngs=rngs)

    def initial_carry(self, examples: int) -> Carry:
        """States of zeros for some number of examples."""
        return self.cell.initialize_carry((examples, 0))

    def run(self, sequence: Float[Array, "N T F"], carry: Carry) -> tuple[Float[Array, "N T H"], Carry]:
        """Outputs of all steps, and the states after the last, from which another sequence can go on."""
        handed = self.cell.ahead(jnp.swapaxes(sequence, 0, 1))
        outputs, carry = self.cell.run(handed, carry, sequence.shape[1])
        return jnp.swapaxes(outputs, 0, 1), carry

    def __call__(self, sequence: Float[Array, "N T F"]) -> Float[Array, "N T H"]:
        """Outputs of all steps, from states of zeros."""
        return self.run(sequence, self.initial_carry(sequence.shape[0]))[0]
