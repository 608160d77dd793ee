"""Batch normalisation, with its gradient written out: fewer passes over the maps than automatic differentiation's.

Letters: C channels; n numbers in each, over all places and examples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax
from jaxtyping import Array, Float

from nasctl.graph import Attribute, Shape
from nasctl.lowering.apart import apart
from nasctl.lowering.initial import constant
from nasctl.lowering.order import channel_axis, is_map
from nasctl.lowering.precise import at_least_single
from nasctl.lowering.sums import sum_of_columns

Values = Float[Array, "..."]
PerChannel = Float[Array, " C"]


MOMENTUM = 0.9
EPSILON = 1e-5


class BatchNorm(nnx.Module):
    """Batch normalisation (Ioffe & Szegedy 2015) with the mean and variance of the batch, or running averages.

    It reckons in float32 at least, as the variance is a difference of large numbers, and gives what it was given.

    Attributes:
      scale: (C,).
      bias: (C,).
      mean: (C,), the running average of the means.
      var: (C,), that of the variances.
      use_running_average: Which are used; `train()` and `eval()` of the network set it.
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
        channels = output_shape[-1]
        self.scale, self.bias = nnx.Param(constant((channels,), 1)), nnx.Param(constant((channels,), 0))
        self.mean, self.var = nnx.BatchStat(constant((channels,), 0)), nnx.BatchStat(constant((channels,), 1))
        self.use_running_average = False

    def __call__(self, x: Values) -> Values:
        values, scale, bias = map(at_least_single, (x, self.scale[...], self.bias[...]))
        if self.use_running_average:
            factor = scale * lax.rsqrt(self.var[...] + EPSILON)
            return _scaled(values, factor, self.mean[...], bias).astype(x.dtype)
        output, mean, variance = normalise(values, scale, bias)
        for average, now in ((self.mean, mean), (self.var, variance)):
            average[...] = MOMENTUM * average[...] + (1 - MOMENTUM) * now
        return output.astype(x.dtype)


@jax.custom_vjp
def normalise(x: Values, scale: PerChannel, bias: PerChannel) -> tuple[Values, PerChannel, PerChannel]:
    """scale (x - mean) / sqrt(variance + ε) + bias, mean and variance being those of each channel.

    Returns:
      The values, and the mean and the variance, for which there is no gradient.
    """
    return _forward(x, scale, bias)[0]


def _forward(
    x: Values, scale: PerChannel, bias: PerChannel
) -> tuple[tuple[Values, PerChannel, PerChannel], tuple[Values, PerChannel, PerChannel, PerChannel]]:
    n = x.size // len(scale)
    mean = _sums(x) / n
    variance = jnp.maximum(_sums(x * x) / n - mean * mean, 0)
    inverse = lax.rsqrt(variance + EPSILON)
    return (_scaled(x, scale * inverse, mean, bias), mean, variance), (x, scale, mean, inverse)


def _backward(
    residuals: tuple[Values, PerChannel, PerChannel, PerChannel],
    gradients: tuple[Values, PerChannel, PerChannel],
) -> tuple[Values, PerChannel, PerChannel]:
    """With x̂ = (x - mean) / deviation and g the gradient of the output,

    dbias = Σ g,  dscale = Σ g x̂,  dx = scale / deviation (g - dbias / n - x̂ dscale / n).
    """
    (x, *per_channel), g = residuals, gradients[0]
    scale, mean, inverse = apart(per_channel)
    n = x.size // len(scale)
    bias_gradient = _sums(g)
    scale_gradient = (_sums(g * x) - mean * bias_gradient) * inverse
    factor, slope = scale * inverse, inverse * scale_gradient / n
    level = mean * slope - bias_gradient / n
    x_gradient = _along(x, factor) * g - _along(x, factor * slope) * x + _along(x, factor * level)
    return x_gradient, scale_gradient, bias_gradient


normalise.defvjp(_forward, _backward)


def _scaled(x: Values, factor: PerChannel, mean: PerChannel, bias: PerChannel) -> Values:
    return x * _along(x, factor) + _along(x, bias - mean * factor)


def _along(x: Values, numbers: PerChannel) -> Values:
    """A number a channel, to be combined with x."""
    return jnp.expand_dims(numbers, [axis for axis in range(x.ndim) if axis != channel_axis(x)])


def _sums(x: Values) -> PerChannel:
    """The sum of each channel; of maps over the places first, which lie far apart, and then over the examples."""
    if is_map(x):
        return sum_of_columns(jnp.sum(x, (0, 1)))
    return jnp.sum(x, tuple(range(x.ndim - 1)))
