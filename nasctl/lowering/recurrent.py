"""Flax modules of recurrent layers: a cell that is generated from its Graph, and the layer that runs it.

Letters: N examples, T time steps, F features of the input, H units of a state, P units of fused products.
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
from nasctl.lowering.linear import FusedLinear, split
from nasctl.lowering.modules import make_module
from nasctl.lowering.recurrent_scan import Arrays, StateProduct, kept, scan_cell, scan_steps

Carry: TypeAlias = tuple[Float[Array, "*N H"], ...]
"""The states between two time steps, in the order of the cell's graph: h and c of a tree cell."""


class RecurrentCell(nnx.RNNCellBase):
    """One time step of a cell that is given as a Graph; it also works in `flax.nnx.RNN`.

    Products of the same vector are fused: one product computes W x for all leaves of a tree, and one computes U h.

    Attributes:
      products: The fused products, by the name of the node that they multiply. `products["x"].kernel` holds the
        matrices of all leaves side by side, in the order of the leaves.
      ops: The modules of all other ops, by the name of the node.
    """

    def __init__(self, cell: Graph, features: int, units: int, *, rngs: nnx.Rngs) -> None:
        """Draws the parameters.

        Args:
          cell: One time step as a graph (`nasctl.graph.ops.recurrent`).
          features: F.
          units: H, the same for all states.
          rngs: The random streams from which parameters are drawn.
        """
        body = simplify(bind_cell(cell, features, units))
        shapes = infer_shapes(body)
        self.units = units
        self.plan = plan_cell(cell, body)
        steps = (*self.plan.precompute, *self.plan.products, *self.plan.combine)
        self.products = nnx.Dict(
            {
                step.name: FusedLinear(
                    shapes[step.inputs[0]][0],
                    product_widths(step, shapes),
                    use_bias=bool(body.nodes[step.outputs[0]].attributes.get("bias")),
                    rngs=rngs,
                )
                for step in steps
                if step.fused
            }
        )
        for step in self.plan.products:
            bias = self.products[step.name].bias
            if bias is not None:
                bias[...] = _initial_biases(body, step, shapes)
        self.ops = nnx.Dict(
            {
                step.name: make_module(
                    body.nodes[step.outputs[0]],
                    [shapes[index] for index in step.inputs],
                    shapes[step.outputs[0]],
                    rngs=rngs,
                )
                for step in steps
                if not step.fused
            }
        )

    def precompute(self, x: Float[Array, "*N F"]) -> tuple[Array, ...]:
        """Computes the values that depend on x alone.

        Args:
          x: The input of one time step, or of several with a leading axis for time.

        Returns:
          The values that `step` reads, with the same leading axes.
        """
        values = {} if self.plan.x is None else {self.plan.x: x}
        self._compute(self.plan.precompute, values)
        return tuple(values[index] for index in self.plan.precomputed_nodes)

    def step(self, carry: Carry, precomputed: Sequence[Array]) -> Carry:
        """Computes the new states.

        Args:
          carry: The old states.
          precomputed: The output of `precompute` for the time step.
        """
        products = self.state_products
        computed = [
            product(carry[number]) for product, number in zip(products, self.plan.product_states, strict=True)
        ]
        return self.combine(precomputed, computed, carry)

    @property
    def state_products(self) -> list[StateProduct]:
        """The parameters of the products of states."""
        modules = [self.products[step.name] for step in self.plan.products]
        return [
            StateProduct(module.kernel[...], None if module.bias is None else module.bias[...])
            for module in modules
        ]

    def combine(self, precomputed: Sequence[Array], computed: Sequence[Array], carry: Carry) -> Carry:
        """Computes the new states when the products of the states are known.

        Args:
          precomputed: The output of `precompute` for the time step.
          computed: The results of `state_products`, each (N, P).
          carry: The old states.
        """
        values = dict(zip(self.plan.precomputed_nodes, precomputed, strict=True))
        for index, state in zip(self.plan.states, carry, strict=True):
            if index is not None:
                values[index] = state
        for step, fused in zip(self.plan.products, computed, strict=True):
            values.update(zip(step.outputs, split(fused, self.products[step.name].widths), strict=True))
        self._compute(self.plan.combine, values)
        return tuple(values[index] for index in self.plan.outputs)

    def __call__(self, carry: Carry, x: Float[Array, "*N F"]) -> tuple[Carry, Float[Array, "*N H"]]:
        """Returns the new states, and the output of the time step, which is the first of them."""
        carry = self.step(carry, self.precompute(x))
        return carry, carry[0]

    def run(
        self,
        precomputed: Sequence[Float[Array, "T N ..."]],
        carry: Carry,
        length: int,
        mask: Float[Array, "T N"] | None = None,
    ) -> tuple[Float[Array, "T N H"], Carry]:
        """Runs T time steps.

        Args:
          precomputed: The output of `precompute` for all time steps.
          carry: The states before the first time step.
          length: T.
          mask: 0 at padding, which leaves states of zeros.

        Returns:
          The outputs of all time steps, and the states after the last.
        """
        if self.has_inner_weights:
            return scan_steps(self.step, precomputed, carry, length, mask)
        products, numbers = self.state_products, self.plan.product_states
        if mask is None:
            return scan_cell(self.combine, products, numbers, precomputed, carry, length)

        def combine(now: Arrays, computed: Arrays, states: Arrays) -> Arrays:
            return kept(self.combine(now[:-1], computed, states), now[-1])

        return scan_cell(combine, products, numbers, (*precomputed, mask), carry, length)

    def initialize_carry(
        self, input_shape: tuple[int, ...], rngs: object = None, carry_init: object = None
    ) -> Carry:
        """Returns states of zeros.

        Args:
          input_shape: The shape of x with its leading axes.
          rngs: Ignored; part of Flax's interface.
          carry_init: Ignored; part of Flax's interface.
        """
        return tuple(jnp.zeros((*input_shape[:-1], self.units)) for _ in self.plan.states)

    @property
    def has_inner_weights(self) -> bool:
        """Whether `combine` has parameters or random streams, besides the products of x and of the states."""
        ops = [self.ops[step.name] for step in self.plan.combine if not step.fused]
        return len(ops) < len(self.plan.combine) or bool(jax.tree.leaves(nnx.state(ops)))

    @property
    def num_feature_axes(self) -> int:
        """The number of axes of x that are not axes of the batch; part of Flax's interface."""
        return 1

    def _compute(self, steps: Iterable[Step], values: dict[int, Array]) -> None:
        for step in steps:
            inputs = [values[index] for index in step.inputs]
            results = self.products[step.name](*inputs) if step.fused else (self.ops[step.name](*inputs),)
            values.update(zip(step.outputs, results, strict=True))


def _initial_biases(body: Graph, step: Step, shapes: Sequence[Shape]) -> Float[Array, " P"]:
    """Returns the initial biases of fused products of a state: 1 if W x and U h + b are multiplied, otherwise 0.

    (W x) ⊙ (U h + b) then starts as W x plus a second-order term; b corresponds to β in Wu et al. 2016, "On
    multiplicative integration with recurrent neural networks". With b = 0 such a product is zero for a state of zeros.
    If all paths to the new state lead through such products, the state would stay zero and receive no gradient.
    """

    def starts_at_one(product: int) -> bool:
        return any(
            node.op == "elem_mult"
            and product in node.inputs
            and all(body.nodes[source].op == "linear" for source in node.inputs)
            for node in body.nodes
        )

    return jnp.concatenate([jnp.full(shapes[index], float(starts_at_one(index))) for index in step.outputs])


class Recurrent(nnx.Module):
    """A layer that runs its cell over a sequence in one `lax.scan`.

    The products of x are computed for the whole sequence in one product before the scan. They enter the scan as
    separate arrays. If the scan sliced one array instead, the slices would prevent fusion with the ops that read them.
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
        """Returns states of zeros for a number of examples."""
        return self.cell.initialize_carry((examples, 0))

    def run(
        self, sequence: Float[Array, "N T F"], carry: Carry, mask: Float[Array, "N T"] | None = None
    ) -> tuple[Float[Array, "N T H"], Carry]:
        """Runs the layer over a sequence.

        Args:
          sequence: The input.
          carry: The states before the first time step.
          mask: 0 at padding, which leaves states of zeros.

        Returns:
          The outputs of all time steps, and the states after the last, with which the next sequence can start.
        """
        precomputed = self.cell.precompute(jnp.swapaxes(sequence, 0, 1))
        outputs, carry = self.cell.run(
            precomputed, carry, sequence.shape[1], None if mask is None else mask.T
        )
        return jnp.swapaxes(outputs, 0, 1), carry

    def __call__(
        self, sequence: Float[Array, "N T F"], mask: Float[Array, "N T"] | None = None
    ) -> Float[Array, "N T H"]:
        """Returns the outputs of all time steps, from states of zeros."""
        return self.run(sequence, self.initial_carry(sequence.shape[0]), mask)[0]
