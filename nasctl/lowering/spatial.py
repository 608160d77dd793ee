"""Flax modules of convolutions and pooling.

Letters: N examples, H and W height and width, C channels, F filters; H_s and W_s are ceil(H / stride) and
ceil(W / stride).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from nasctl.graph import Attribute, Shape
from nasctl.graph.ops.reading import height_and_width
from nasctl.lowering.convolution import convolve
from nasctl.lowering.initialisers import he_normal
from nasctl.lowering.modules import Stateless
from nasctl.lowering.windows import average_pool, convolve_depthwise, max_pool


class Conv2d(nnx.Module):
    """Convolution without bias.

    Attributes:
      kernel: (height, width, C, F).
    """

    examples_last = True

    def __init__(
        self,
        attributes: Mapping[str, Attribute],
        input_shapes: Sequence[Shape],
        output_shape: Shape,
        *,
        rngs: nnx.Rngs,
    ) -> None:
        height, width = height_and_width(attributes, "kernel")
        channels = input_shapes[0][2]
        self.stride = height_and_width(attributes, "stride")
        shape = (height, width, channels, output_shape[2])
        self.kernel = nnx.Param(he_normal(rngs.params(), shape, fan_in=height * width * channels))

    def __call__(self, maps: Float[Array, "H W C N"]) -> Float[Array, "H_s W_s F N"]:
        return convolve(maps, self.kernel[...], self.stride)


class SeparableConv2d(nnx.Module):
    """Depthwise convolution followed by a 1×1 convolution, with no activation in between.

    Attributes:
      depthwise: (height, width, C), one filter for each channel.
      pointwise: (1, 1, C, F).
    """

    examples_last = True

    def __init__(
        self,
        attributes: Mapping[str, Attribute],
        input_shapes: Sequence[Shape],
        output_shape: Shape,
        *,
        rngs: nnx.Rngs,
    ) -> None:
        height, width = height_and_width(attributes, "kernel")
        channels, filters = input_shapes[0][2], output_shape[2]
        self.stride = height_and_width(attributes, "stride")
        # No ReLU follows the depthwise convolution, so its weights keep the variance: 1 / fan-in instead of 2 / fan-in.
        self.depthwise = nnx.Param(
            he_normal(rngs.params(), (height, width, channels), fan_in=2 * height * width)
        )
        self.pointwise = nnx.Param(he_normal(rngs.params(), (1, 1, channels, filters), fan_in=channels))

    def __call__(self, maps: Float[Array, "H W C N"]) -> Float[Array, "H_s W_s F N"]:
        return convolve(
            convolve_depthwise(maps, self.depthwise[...], self.stride), self.pointwise[...], (1, 1)
        )


class _Pool(nnx.Module):
    """Base class of pooling ops."""

    examples_last = True

    def __init__(
        self,
        attributes: Mapping[str, Attribute],
        input_shapes: Sequence[Shape],
        output_shape: Shape,
        *,
        rngs: nnx.Rngs,
    ) -> None:
        self.window = height_and_width(attributes, "kernel")
        self.stride = height_and_width(attributes, "stride")


class MaxPool(_Pool):
    """Maximum over each window."""

    def __call__(self, maps: Float[Array, "H W C N"]) -> Float[Array, "H_s W_s C N"]:
        return max_pool(maps, self.window, self.stride)


class AveragePool(_Pool):
    """Mean over the part of each window that lies inside the maps."""

    def __call__(self, maps: Float[Array, "H W C N"]) -> Float[Array, "H_s W_s C N"]:
        return average_pool(maps, self.window, self.stride)


class GlobalAveragePool(Stateless):
    """Mean over all positions."""

    examples_last = True

    def __call__(self, maps: Float[Array, "H W C N"]) -> Float[Array, "N C"]:
        return jnp.mean(maps, axis=(0, 1)).T
