"""A recurrent cell over a sequence in one scan, and the scan back through time that is its gradient.

Automatic differentiation of the scan keeps, at each step, whatever the cell's elementwise functions need for their
derivatives, and adds up the gradient of the matrices step by step. Here the forward scan keeps its states and the
products of the states alone. The scan backwards computes the derivatives anew from them, in the step that needs them:
that is cheaper than fetching them from memory. The gradient of each matrix is one product over all steps, after it.

A step is h, c, … ← combine(what is known ahead, products of the states, h, c, …), where each product is
state @ kernel + bias and `combine` has no weights. Which functions it is made of does not matter here.

Letters: T steps, N examples, H units of a state, P units of a product.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Arrays: TypeAlias = tuple[Array, ...]
Combine: TypeAlias = Callable[[Arrays, Arrays, Arrays], Arrays]
"""(what is known ahead of the step, products, old states) -> new states."""


class Product(NamedTuple):
    """What one state is multiplied with at every step."""

    kernel: Float[Array, "H P"]
    bias: Float[Array, " P"] | None

    def __call__(self, state: Float[Array, "*N H"]) -> Float[Array, "*N P"]:
        """state @ kernel + bias."""
        product = state @ self.kernel
        return product if self.bias is None else product + self.bias


Kept: TypeAlias = tuple[tuple[Product, ...], Arrays, Arrays, Arrays]
"""Products, what is known ahead, what the products gave, and the states before each step."""


def scan_steps(
    step: Callable[[Arrays, Arrays], Arrays], ahead: Sequence[Array], states: Sequence[Array], length: int
) -> tuple[Float[Array, "T N H"], Arrays]:
    """As `run_through_time`, of any step, with the gradient that automatic differentiation gives."""

    def scanned(states: Arrays, now: Arrays) -> tuple[Arrays, Array]:
        states = step(states, now)
        return states, states[0]

    last, outputs = jax.lax.scan(scanned, tuple(states), tuple(ahead), length=length)
    return outputs, last


def run_through_time(
    combine: Combine,
    products: Sequence[Product],
    reads: Sequence[int],
    ahead: Sequence[Float[Array, "T N ..."]],
    states: Sequence[Float[Array, "N H"]],
    length: int,
) -> tuple[Float[Array, "T N H"], Arrays]:
    """The first state after each step, and all states after the last.

    Args:
      combine: A step without its products; closes over no traced array.
      products: The products.
      reads: The number of the state that each of them reads.
      ahead: What each step is given beside the states.
      states: Those before the first step.
      length: T.
    """

    def forward(
        products: tuple[Product, ...], ahead: Arrays, states: Arrays
    ) -> tuple[Arrays, tuple[Arrays, Arrays]]:
        def step(states: Arrays, now: Arrays) -> tuple[Arrays, tuple[Arrays, Arrays]]:
            computed = tuple(product(states[number]) for product, number in zip(products, reads, strict=True))
            states = combine(now, computed, states)
            return states, (states, computed)

        return jax.lax.scan(step, states, ahead, length=length)

    @jax.custom_vjp
    def run(
        products: tuple[Product, ...], ahead: Arrays, states: Arrays
    ) -> tuple[Float[Array, "T N H"], Arrays]:
        last, (after, _) = forward(products, ahead, states)
        return after[0], last

    def keep(
        products: tuple[Product, ...], ahead: Arrays, states: Arrays
    ) -> tuple[tuple[Array, Arrays], Kept]:
        last, (after, computed) = forward(products, ahead, states)
        before = tuple(
            jnp.concatenate([first[None], rest[:-1]]) for first, rest in zip(states, after, strict=True)
        )
        return (after[0], last), (products, ahead, computed, before)

    def back(kept: Kept, gradients: tuple[Array, Arrays]) -> tuple[tuple[Product, ...], Arrays, Arrays]:
        products, ahead, computed, before = kept
        of_outputs, of_last = gradients
        turned = [product.kernel.T for product in products]

        def step(
            of_states: Arrays, now: tuple[tuple[Arrays, Arrays, Arrays], Array]
        ) -> tuple[Arrays, tuple[Arrays, Arrays]]:
            given, of_output = now
            _, pull_back = jax.vjp(combine, *given)
            of_ahead, of_computed, of_old = pull_back((of_states[0] + of_output, *of_states[1:]))
            through = list(of_old)
            for gradient, kernel, number in zip(of_computed, turned, reads, strict=True):
                through[number] += gradient @ kernel
            return tuple(through), (of_ahead, of_computed)

        of_first, (of_ahead, of_computed) = jax.lax.scan(
            step, of_last, ((ahead, computed, before), of_outputs), reverse=True, length=length
        )
        of_products = tuple(
            Product(
                jnp.einsum("tnh,tnp->hp", before[number], gradient),
                None if product.bias is None else jnp.sum(gradient, axis=(0, 1)),
            )
            for product, gradient, number in zip(products, of_computed, reads, strict=True)
        )
        return of_products, of_ahead, of_first

    run.defvjp(keep, back)
    return run(tuple(products), tuple(ahead), tuple(states))
