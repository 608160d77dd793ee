"""Flax modules of the ops that act on each value or on each feature vector independently.

Letters: N examples, C channels (the last axis of any input), F features, U units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from nasctl.graph import Attribute, Shape
from nasctl.lowering.initialisers import constant, he_normal
from nasctl.lowering.modules import Stateless
from nasctl.lowering.numerics import prevent_cse


class Dropout(nnx.Dropout):
    """Dropout (Srivastava et al. 2014): in training, sets random values to zero and scales up the others."""

    examples_last = True

    def __init__(
        self,
        attributes: Mapping[str, Attribute],
        input_shapes: Sequence[Shape],
        output_shape: Shape,
        *,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(float(cast(float, attributes["rate"])), rngs=rngs)


class Relu(Stateless):
    """Rectified linear unit, max(x, 0)."""

    examples_last = True

    def __call__(self, x: Float[Array, "N ... C"]) -> Float[Array, "N ... C"]:
        return relu(x)


@jax.custom_vjp
def relu(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Returns max(x, 0). Its derivative at 0 is 0."""
    return jnp.maximum(x, 0)


def _relu_forward(x: Float[Array, "..."]) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    output = relu(x)
    return output, output


def _relu_backward(output: Float[Array, "..."], gradient: Float[Array, "..."]) -> tuple[Float[Array, "..."]]:
    zero = prevent_cse(jnp.zeros((), output.dtype))
    return (jnp.where(output > zero, gradient, zero),)


relu.defvjp(_relu_forward, _relu_backward)


class Identity(Stateless):
    """Identity: returns its input."""

    examples_last = True

    def __call__(self, x: Float[Array, "N ... C"]) -> Float[Array, "N ... C"]:
        return x


class Zero(nnx.Module):
    """Zeros of the output's shape, whatever the input."""

    def __init__(
        self,
        attributes: Mapping[str, Attribute],
        input_shapes: Sequence[Shape],
        output_shape: Shape,
        *,
        rngs: nnx.Rngs,
    ) -> None:
        self.shape = output_shape

    def __call__(self, x: Float[Array, "N ..."]) -> Float[Array, "N ..."]:
        return jnp.zeros((x.shape[0], *self.shape), x.dtype)


class Dense(nnx.Module):
    """Affine layer, x W + b.

    Attributes:
      kernel: (F, U).
      bias: (U,).
    """

    def __init__(
        self,
        attributes: Mapping[str, Attribute],
        input_shapes: Sequence[Shape],
        output_shape: Shape,
        *,
        rngs: nnx.Rngs,
    ) -> None:
        features, units = input_shapes[0][-1], output_shape[-1]
        self.kernel = nnx.Param(he_normal(rngs.params(), (features, units), fan_in=features))
        self.bias = nnx.Param(constant((units,), 0))

    def __call__(self, x: Float[Array, "N ... F"]) -> Float[Array, "N ... U"]:
        return x @ self.kernel[...] + self.bias[...]
