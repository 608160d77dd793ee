"""Matrix products: one for itself, or all that read the same vector as one.

Letters: N examples (any leading axes), F features of the vector, H units of one product.
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
from nasctl.lowering.initial import constant, uniform


@partial(jax.custom_vjp, nondiff_argnums=(1,))
def split(fused: Float[Array, "N all"], widths: tuple[int, ...]) -> tuple[Float[Array, "N H"], ...]:
    """Cuts the last axis into pieces; its gradient puts the pieces' gradients side by side.

    Automatic differentiation would pad each piece to the full width and add them all up, which costs more
    than the products of a small cell.
    """
    ends = list(accumulate(widths))
    return tuple(fused[..., end - width : end] for end, width in zip(ends, widths, strict=True))


def _split_forward(
    fused: Float[Array, "N all"], widths: tuple[int, ...]
) -> tuple[tuple[Float[Array, "N H"], ...], None]:
    return split(fused, widths), None


def _split_backward(
    widths: tuple[int, ...], residuals: None, gradients: tuple[Float[Array, "N H"], ...]
) -> tuple[Float[Array, "N all"]]:
    return (jnp.concatenate(gradients, axis=-1),)


split.defvjp(_split_forward, _split_backward)


class FusedProducts(nnx.Module):
    """The products of one vector with several matrices, as one product.

    Attributes:
      kernel: The matrices side by side, (F, sum of the widths).
      bias: (sum of the widths,), or None.
    """

    def __init__(self, features: int, widths: tuple[int, ...], *, use_bias: bool, rngs: nnx.Rngs) -> None:
        self.widths = widths
        self.kernel = nnx.Param(uniform(rngs.params(), (features, sum(widths)), bound=features**-0.5))
        self.bias = nnx.Param(constant((sum(widths),), 0)) if use_bias else None

    def __call__(self, x: Float[Array, "*N F"]) -> tuple[Float[Array, "*N H"], ...]:
        """Each product by itself, in the order of the widths."""
        fused = x @ self.kernel[...]
        if self.bias is not None:
            fused = fused + self.bias[...]
        return split(fused, self.widths)


class Linear(nnx.Module):
    """W x + b, or W x."""

    def __init__(
        self,
        attributes: Mapping[str, Attribute],
        input_shapes: Sequence[Shape],
        output_shape: Shape,
        *,
        rngs: nnx.Rngs,
    ) -> None:
        (features,) = input_shapes[0]
        self.products = FusedProducts(
            features, (output_shape[0],), use_bias=bool(attributes.get("bias")), rngs=rngs
        )

    def __call__(self, x: Float[Array, "*N F"]) -> Float[Array, "*N H"]:
        """The product."""
        return self.products(x)[0]
