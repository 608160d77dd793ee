"""The convolution against its definition, and the shape of what is compiled."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from nasctl.lowering.convolution import convolve

CASES = [
    # maps (H, W), kernel, stride
    ((8, 8), (3, 3), (1, 1)),
    ((8, 6), (3, 5), (2, 1)),
    ((7, 9), (7, 1), (3, 2)),
    ((5, 8), (1, 1), (1, 1)),
    ((7, 8), (1, 1), (2, 3)),
    ((8, 8), (2, 4), (1, 1)),
    ((9, 7), (4, 2), (2, 3)),
    ((2, 1), (7, 5), (3, 3)),
    ((2, 3), (5, 7), (1, 1)),  # a kernel that is larger than the map
    ((1, 1), (3, 3), (1, 1)),  # of which only the centre sees it
    ((3, 4), (7, 7), (2, 1)),
    ((8, 8), (1, 3), (3, 1)),
]


def by_definition(maps: np.ndarray, kernel: np.ndarray, stride: tuple[int, int]) -> np.ndarray:
    """One place after the other; what lies outside the map is zero."""
    (height, width), (rows, columns) = maps.shape[1:3], kernel.shape[:2]
    output = np.zeros((len(maps), -(-height // stride[0]), -(-width // stride[1]), kernel.shape[3]))
    for i, j in np.ndindex(*output.shape[1:3]):
        for row, column in np.ndindex(rows, columns):
            y, x = i * stride[0] + row - (rows - 1) // 2, j * stride[1] + column - (columns - 1) // 2
            if 0 <= y < height and 0 <= x < width:
                output[:, i, j] += maps[:, y, x] @ kernel[row, column]
    return output


@pytest.mark.parametrize("size, kernel, stride", CASES)
def test_output_and_gradients(size, kernel, stride) -> None:
    random = np.random.default_rng(0)
    maps = random.standard_normal((2, *size, 3)).astype(np.float32)
    weights = random.standard_normal((*kernel, 3, 4)).astype(np.float32)
    output, gradients_of = jax.vjp(lambda *operands: convolve(*operands, stride), maps, weights)
    np.testing.assert_allclose(output, by_definition(maps, weights, stride), atol=1e-5)

    # It is linear in each operand, so <gradient, change> is what the change does to <ahead, output>, exactly.
    ahead = random.standard_normal(output.shape)
    maps_gradient, weights_gradient = gradients_of(ahead.astype(np.float32))
    for _ in range(3):
        maps_change, weights_change = (
            random.standard_normal(maps.shape),
            random.standard_normal(weights.shape),
        )
        seen = np.sum(ahead * by_definition(maps_change, weights, stride))
        np.testing.assert_allclose(np.sum(maps_gradient * maps_change), seen, rtol=1e-4, atol=1e-3)
        seen = np.sum(ahead * by_definition(maps, weights_change, stride))
        np.testing.assert_allclose(np.sum(weights_gradient * weights_change), seen, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("size, kernel, stride", CASES)
def test_inside_a_scan_every_convolution_is_canonical(size, kernel, stride) -> None:
    """XLA's CPU back-end takes others by a path that is 30 to 200 times slower."""
    maps, weights = jnp.ones((4, *size, 3)), jnp.ones((*kernel, 3, 5))

    def step(weights, maps):
        output, gradients_of = jax.vjp(lambda *operands: convolve(*operands, stride), maps, weights)
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
