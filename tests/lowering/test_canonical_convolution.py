"""The shape of what XLA compiles."""

import re

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from nasctl.lowering.axis import centred
from nasctl.lowering.convolution.canonical import convolve_canonically

CASES = [
    # maps (H, W), kernel, stride
    ((8, 8), (3, 3), (1, 1)),
    ((8, 6), (3, 5), (2, 1)),
    ((7, 9), (7, 1), (3, 2)),
    ((9, 7), (4, 2), (2, 3)),
    ((2, 1), (7, 5), (3, 3)),
    ((2, 3), (5, 7), (1, 1)),
    ((3, 4), (7, 7), (2, 1)),
    ((8, 8), (1, 3), (3, 1)),
]


@pytest.mark.parametrize("size, kernel, stride", CASES)
def test_inside_a_scan_every_convolution_is_canonical(size, kernel, stride) -> None:
    """XLA's CPU back-end takes others by a path that is 30 to 200 times slower."""
    (height, rows), (width, columns) = (centred(*axis) for axis in zip(size, kernel, stride, strict=True))
    maps, weights = jnp.ones((4, *size, 3)), jnp.ones((*kernel, 3, 5))[rows, columns]

    def step(weights, maps):
        output, gradients_of = jax.vjp(
            lambda *operands: convolve_canonically(*operands, height, width), maps, weights
        )
        maps_gradient, weights_gradient = gradients_of(output)
        return weights - weights_gradient, jnp.sum(maps_gradient)

    compiled = (
        jax.jit(lambda weights, maps: lax.scan(step, weights, maps))
        .lower(weights, jnp.stack([maps] * 3))
        .compile()
    )
    layouts = re.findall(r" convolution\(.*?dim_labels=(\S+?)(?:,|$)", compiled.as_text(), re.MULTILINE)
    assert set(layouts) <= {"b01f_01io->b01f"}
    assert "lhs_dilate" not in compiled.as_text()
    assert "rhs_reversal" not in compiled.as_text()
    assert layouts or 1 in (*kernel, *size)
