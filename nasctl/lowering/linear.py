"""Flax modules of matrix products: a single one, or several of the same vector fused into one.

Letters: N examples (any leading axes), F features of the vector, H units of one product, P units of all products.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import accumulate

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from nasctl.graph import Attribute, Shape
from nasctl.lowering.initialisers import constant, uniform


@partial(jax.custom_vjp, nondiff_argnums=(1,))
def split(fused: Float[Array, "*N P"], widths: tuple[int, ...]) -> tuple[Float[Array, "*N _"], ...]:
    """Splits the last axis into pieces of the given widths.

    The gradient is one concatenation. Automatic differentiation would pad the gradient of each piece with zeros to the
    full width and add them all up, which takes longer than the products of a small cell.

    Args:
      fused: The array to split.
      widths: The sizes H of the pieces along the last axis.
    """
    ends = list(accumulate(widths))
    return tuple(fused[..., end - width : end] for end, width in zip(ends, widths, strict=True))


def _split_forward(
    fused: Float[Array, "*N P"], widths: tuple[int, ...]
) -> tuple[tuple[Float[Array, "*N _"], ...], None]:
    return split(fused, widths), None


def _split_backward(
    widths: tuple[int, ...], residuals: None, gradients: tuple[Float[Array, "*N _"], ...]
) -> tuple[Float[Array, "*N P"]]:
    return (jnp.concatenate(gradients, axis=-1),)


split.defvjp(_split_forward, _split_backward)


class FusedLinear(nnx.Module):
    """The products of one vector with several matrices, computed as one product.

    Attributes:
      kernel: (F, P), the matrices side by side.
      bias: (P,), or None.
    """

    def __init__(self, features: int, widths: tuple[int, ...], *, use_bias: bool, rngs: nnx.Rngs) -> None:
        """Draws the parameters.

        Args:
          features: F.
          widths: The number of units of each product; their sum is P.
          use_bias: Whether a bias is added to each product.
          rngs: The random streams from which parameters are drawn.
        """
        self.widths = widths
        self.kernel = nnx.Param(uniform(rngs.params(), (features, sum(widths)), bound=features**-0.5))
        self.bias = nnx.Param(constant((sum(widths),), 0)) if use_bias else None

    def __call__(self, x: Float[Array, "*N F"]) -> tuple[Float[Array, "*N _"], ...]:
        """Returns each product separately, in the order of the widths."""
        fused = x @ self.kernel[...]
        if self.bias is not None:
            fused = fused + self.bias[...]
        return split(fused, self.widths)


class Linear(nnx.Module):
    """Linear layer of a recurrent cell: W x + b, or W x."""

    def __init__(
        self,
        attributes: Mapping[str, Attribute],
        input_shapes: Sequence[Shape],
        output_shape: Shape,
        *,
        rngs: nnx.Rngs,
    ) -> None:
        (features,) = input_shapes[0]
        self.products = FusedLinear(
            features, (output_shape[0],), use_bias=bool(attributes.get("bias")), rngs=rngs
        )

    def __call__(self, x: Float[Array, "*N F"]) -> Float[Array, "*N H"]:
        """Returns the product."""
        return self.products(x)[0]
