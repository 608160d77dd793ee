"""Batch normalisation with a custom gradient, which passes over the maps fewer times than automatic differentiation.

Letters: C channels; n values in each channel, over all positions and examples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax
from jaxtyping import Array, Float

from nasctl.graph import Attribute, Shape
from nasctl.lowering.data_layout import channel_axis, is_map
from nasctl.lowering.initialisers import constant
from nasctl.lowering.numerics import at_least_float32, prevent_cse, sum_of_columns

Values = Float[Array, "..."]
PerChannel = Float[Array, " C"]


MOMENTUM = 0.9
EPSILON = 1e-5


class BatchNorm(nnx.Module):
    """Batch normalisation (Ioffe & Szegedy 2015), by the statistics of the batch or by their running averages.

    It computes in float32 or float64, because the variance is a difference of large numbers. The output has the dtype
    of the input.

    Attributes:
      scale: (C,).
      bias: (C,).
      mean: (C,), the running average of the means.
      var: (C,), the running average of the variances.
      use_running_average: Whether the running averages are used. `Network.train` and `Network.eval` set it.
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
        values, scale, bias = map(at_least_float32, (x, self.scale[...], self.bias[...]))
        if self.use_running_average:
            factor = scale * lax.rsqrt(self.var[...] + EPSILON)
            return _scale_and_shift(values, factor, self.mean[...], bias).astype(x.dtype)
        output, mean, variance = normalise(values, scale, bias)
        for average, now in ((self.mean, mean), (self.var, variance)):
            average[...] = MOMENTUM * average[...] + (1 - MOMENTUM) * now
        return output.astype(x.dtype)


@jax.custom_vjp
def normalise(x: Values, scale: PerChannel, bias: PerChannel) -> tuple[Values, PerChannel, PerChannel]:
    """Computes scale (x - mean) / sqrt(variance + ε) + bias with the mean and variance of each channel.

    Args:
      x: Values of any layout (`nasctl.lowering.data_layout`).
      scale: One factor for each channel.
      bias: One offset for each channel.

    Returns:
      The normalised values, the means and the variances. Gradients of the means and variances are ignored.
    """
    return _forward(x, scale, bias)[0]


def _forward(
    x: Values, scale: PerChannel, bias: PerChannel
) -> tuple[tuple[Values, PerChannel, PerChannel], tuple[Values, PerChannel, PerChannel, PerChannel]]:
    n = x.size // len(scale)
    mean = _sum_channels(x) / n
    variance = jnp.maximum(_sum_channels(x * x) / n - mean * mean, 0)
    inverse = lax.rsqrt(variance + EPSILON)
    return (_scale_and_shift(x, scale * inverse, mean, bias), mean, variance), (x, scale, mean, inverse)


def _backward(
    residuals: tuple[Values, PerChannel, PerChannel, PerChannel],
    gradients: tuple[Values, PerChannel, PerChannel],
) -> tuple[Values, PerChannel, PerChannel]:
    """Computes the gradients, with x̂ = (x - mean) / σ, σ = sqrt(variance + ε) and the gradient g of the output.

    dbias = Σ g,  dscale = Σ g x̂,  dx = (scale / σ) (g - dbias / n - x̂ dscale / n).
    """
    (x, *per_channel), g = residuals, gradients[0]
    scale, mean, inverse = prevent_cse(per_channel)
    n = x.size // len(scale)
    bias_gradient = _sum_channels(g)
    scale_gradient = (_sum_channels(g * x) - mean * bias_gradient) * inverse
    factor, slope = scale * inverse, inverse * scale_gradient / n
    level = mean * slope - bias_gradient / n
    x_gradient = _broadcast(x, factor) * g - _broadcast(x, factor * slope) * x + _broadcast(x, factor * level)
    return x_gradient, scale_gradient, bias_gradient


normalise.defvjp(_forward, _backward)


def _scale_and_shift(x: Values, factor: PerChannel, mean: PerChannel, bias: PerChannel) -> Values:
    return x * _broadcast(x, factor) + _broadcast(x, bias - mean * factor)


def _broadcast(x: Values, numbers: PerChannel) -> Values:
    """Reshapes one number for each channel so that it broadcasts against x."""
    return jnp.expand_dims(numbers, [axis for axis in range(x.ndim) if axis != channel_axis(x)])


def _sum_channels(x: Values) -> PerChannel:
    """Sums each channel; maps are summed over the positions first, because values of one channel lie far apart."""
    if is_map(x):
        return sum_of_columns(jnp.sum(x, (0, 1)))
    return jnp.sum(x, tuple(range(x.ndim - 1)))
