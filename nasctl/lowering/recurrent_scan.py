"""Runs a recurrent cell over a sequence, with a custom gradient through time.

Automatic differentiation of `lax.scan` stores, at each time step, every value that the derivatives of the cell's
elementwise functions need, and accumulates the gradients of the matrices step by step. Here the forward scan stores
only the states and their products. The backward scan recomputes the derivatives of each step from these, which is
faster than loading them from memory. The gradient of each matrix is one product over all time steps after the scan.

A time step is h, c, … ← combine(precomputed values, products of the states, h, c, …). Each product is
state @ kernel + bias. `combine` is any differentiable function without parameters.

Letters: T time steps, N examples, H units of a state, P units of a product.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Arrays: TypeAlias = tuple[Array, ...]
Combine: TypeAlias = Callable[[Arrays, Arrays, Arrays], Arrays]
"""(precomputed values of the time step, products of the states, old states) -> new states."""


class StateProduct(NamedTuple):
    """The parameters of the product of a state at every time step.

    Attributes:
      kernel: (H, P).
      bias: (P,), or None.
    """

    kernel: Float[Array, "H P"]
    bias: Float[Array, " P"] | None

    def __call__(self, state: Float[Array, "*N H"]) -> Float[Array, "*N P"]:
        """Returns state @ kernel + bias."""
        product = state @ self.kernel
        return product if self.bias is None else product + self.bias


Residuals: TypeAlias = tuple[tuple[StateProduct, ...], Arrays, Arrays, Arrays]
"""The state products, the precomputed values, the results of the products, and the states before each time step."""


def kept(states: Arrays, mask: Float[Array, " N"]) -> Arrays:
    """The new states of the examples whose time step is not padding; zeros for the others.

    Padding comes before the first step of an example, so its states stay those of an example without padding.
    """
    return tuple(jnp.where(mask[:, None] > 0, state, 0) for state in states)


def scan_steps(
    step: Callable[[Arrays, Arrays], Arrays],
    precomputed: Sequence[Array],
    states: Sequence[Array],
    length: int,
    mask: Float[Array, "T N"] | None = None,
) -> tuple[Float[Array, "T N H"], Arrays]:
    """Runs any step over a sequence; the gradient is that of automatic differentiation.

    Args:
      step: (old states, precomputed values of the time step) -> new states.
      precomputed: Arrays whose first axis is T.
      states: The states before the first time step.
      length: T.
      mask: 0 at padding, which leaves states of zeros.

    Returns:
      The first state after each time step, and all states after the last.
    """

    def scanned(states: Arrays, now: tuple[Arrays, Array | None]) -> tuple[Arrays, Array]:
        states = step(states, now[0])
        if now[1] is not None:
            states = kept(states, now[1])
        return states, states[0]

    last, outputs = jax.lax.scan(scanned, tuple(states), (tuple(precomputed), mask), length=length)
    return outputs, last


def scan_cell(
    combine: Combine,
    products: Sequence[StateProduct],
    product_states: Sequence[int],
    precomputed: Sequence[Float[Array, "T N ..."]],
    states: Sequence[Float[Array, "N H"]],
    length: int,
) -> tuple[Float[Array, "T N H"], Arrays]:
    """Runs a cell over a sequence; the gradient is the one that the module describes.

    Args:
      combine: A time step without its products. It must not close over traced arrays.
      products: The products of states at each time step.
      product_states: The number of the state that each product multiplies.
      precomputed: The values that each time step reads besides the states.
      states: The states before the first time step.
      length: T.

    Returns:
      The first state after each time step, and all states after the last.
    """

    def scan_forward(
        products: tuple[StateProduct, ...], precomputed: Arrays, states: Arrays
    ) -> tuple[Arrays, tuple[Arrays, Arrays]]:
        def step(states: Arrays, now: Arrays) -> tuple[Arrays, tuple[Arrays, Arrays]]:
            computed = tuple(
                product(states[number]) for product, number in zip(products, product_states, strict=True)
            )
            states = combine(now, computed, states)
            return states, (states, computed)

        return jax.lax.scan(step, states, precomputed, length=length)

    @jax.custom_vjp
    def run(
        products: tuple[StateProduct, ...], precomputed: Arrays, states: Arrays
    ) -> tuple[Float[Array, "T N H"], Arrays]:
        last, (after, _) = scan_forward(products, precomputed, states)
        return after[0], last

    def run_forward(
        products: tuple[StateProduct, ...], precomputed: Arrays, states: Arrays
    ) -> tuple[tuple[Array, Arrays], Residuals]:
        last, (after, computed) = scan_forward(products, precomputed, states)
        before = tuple(
            jnp.concatenate([first[None], rest[:-1]]) for first, rest in zip(states, after, strict=True)
        )
        return (after[0], last), (products, precomputed, computed, before)

    def run_backward(
        residuals: Residuals, gradients: tuple[Array, Arrays]
    ) -> tuple[tuple[StateProduct, ...], Arrays, Arrays]:
        products, precomputed, computed, before = residuals
        of_outputs, of_last = gradients
        transposed = [product.kernel.T for product in products]

        def step(
            of_states: Arrays, now: tuple[tuple[Arrays, Arrays, Arrays], Array]
        ) -> tuple[Arrays, tuple[Arrays, Arrays]]:
            primals, of_output = now
            _, combine_vjp = jax.vjp(combine, *primals)
            of_precomputed, of_computed, of_old = combine_vjp((of_states[0] + of_output, *of_states[1:]))
            of_previous = list(of_old)
            for gradient, kernel, number in zip(of_computed, transposed, product_states, strict=True):
                of_previous[number] += gradient @ kernel
            return tuple(of_previous), (of_precomputed, of_computed)

        of_first, (of_precomputed, of_computed) = jax.lax.scan(
            step, of_last, ((precomputed, computed, before), of_outputs), reverse=True, length=length
        )
        of_products = tuple(
            StateProduct(
                jnp.einsum("tnh,tnp->hp", before[number], gradient),
                None if product.bias is None else jnp.sum(gradient, axis=(0, 1)),
            )
            for product, gradient, number in zip(products, of_computed, product_states, strict=True)
        )
        return of_products, of_precomputed, of_first

    run.defvjp(run_forward, run_backward)
    return run(tuple(products), tuple(precomputed), tuple(states))
