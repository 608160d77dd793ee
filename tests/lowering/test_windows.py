"""Pooling and depthwise convolution against XLA's window ops."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from nasctl.lowering.windows import average_pool, convolve_depthwise, max_pool

CASES = [
    # maps (H, W), window, stride
    ((8, 8), (3, 3), (1, 1)),
    ((8, 6), (2, 2), (2, 2)),
    ((7, 9), (5, 2), (3, 1)),
    ((2, 3), (7, 7), (2, 3)),
    ((9, 9), (1, 1), (2, 3)),
]


def padding(window: tuple[int, int]) -> list[tuple[int, int]]:
    return [*(((size - 1) // 2, size // 2) for size in window), (0, 0), (0, 0)]


def reduced(maps, window, stride, start, combine):
    return lax.reduce_window(maps, start, combine, (*window, 1, 1), (*stride, 1, 1), padding(window))


def drawn(size: tuple[int, int]) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((*size, 3, 2)).astype(np.float32)


def gradient(function, *operands):
    """Returns the gradients of a randomly weighted sum of the output."""
    shape = jax.eval_shape(function, *operands).shape
    weights = np.random.default_rng(1).standard_normal(shape).astype(np.float32)

    def loss(*operands):
        return jnp.sum(function(*operands) * weights)

    return jax.jit(jax.grad(loss, tuple(range(len(operands)))))(*operands)


@pytest.mark.parametrize("size, window, stride", CASES)
def test_max_pool(size, window, stride) -> None:
    @jax.jit
    def ours(maps):
        return max_pool(maps, window, stride)

    @jax.jit
    def theirs(maps):
        return reduced(maps, window, stride, -jnp.inf, lax.max)

    maps = drawn(size)
    np.testing.assert_array_equal(ours(maps), theirs(maps))
    np.testing.assert_allclose(gradient(ours, maps)[0], gradient(theirs, maps)[0], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("size, window, stride", CASES)
def test_average_pool_ignores_the_padding(size, window, stride) -> None:
    @jax.jit
    def ours(maps):
        return average_pool(maps, window, stride)

    @jax.jit
    def theirs(maps):
        counts = reduced(jnp.ones_like(maps), window, stride, 0.0, lax.add)
        return reduced(maps, window, stride, 0.0, lax.add) / counts

    maps = drawn(size)
    np.testing.assert_allclose(ours(maps), theirs(maps), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(gradient(ours, maps)[0], gradient(theirs, maps)[0], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(ours(np.ones_like(maps)), 1, rtol=1e-6)


@pytest.mark.parametrize("size, window, stride", CASES)
def test_depthwise_convolution(size, window, stride) -> None:
    @jax.jit
    def ours(maps, kernel):
        return convolve_depthwise(maps, kernel, stride)

    @jax.jit
    def theirs(maps, kernel):
        return lax.conv_general_dilated(
            maps,
            kernel[:, :, None],
            stride,
            padding(window)[:2],
            dimension_numbers=("HWCN", "HWIO", "HWCN"),
            feature_group_count=3,
        )

    maps, kernel = drawn(size), drawn(window)[..., 0]
    np.testing.assert_allclose(ours(maps, kernel), theirs(maps, kernel), atol=1e-5)
    for here, there in zip(gradient(ours, maps, kernel), gradient(theirs, maps, kernel), strict=True):
        np.testing.assert_allclose(here, there, atol=1e-4)
