"""The convolution against its definition, with every unfolding; and which unfoldings are selected."""

from collections.abc import Sequence
from functools import cache
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from nasctl.lowering.convolution import convolve, selection
from nasctl.lowering.convolution.axis import Axis, centred_axis
from nasctl.lowering.convolution.unfolding import Unfolding, direct, im2col, polyphase, unfold

Pair = tuple[int, int]

CASES = [
    # maps (H, W), kernel, stride
    ((8, 8), (3, 3), (1, 1)),
    ((8, 6), (3, 5), (2, 1)),
    ((7, 9), (7, 1), (3, 2)),
    ((5, 8), (1, 1), (1, 1)),
    ((7, 8), (1, 1), (2, 3)),
    ((8, 8), (2, 4), (1, 1)),
    ((2, 1), (7, 5), (3, 3)),
    ((2, 3), (5, 7), (1, 1)),  # a kernel larger than the maps
    ((1, 1), (3, 3), (1, 1)),  # only the centre of the kernel sees the maps
    ((2, 9), (2, 3), (1, 1)),  # a transform of two frequencies, both real
]
WAYS = {"direct": direct, "polyphase": polyphase, "im2col": im2col}
FORMS = {f"{down}-{across}": (WAYS[down], WAYS[across]) for down, across in product(WAYS, WAYS)}


def force(patch: pytest.MonkeyPatch, form: str) -> None:
    """Forces the unfoldings of both axes; an axis with one tap has only im2col."""

    def unfoldings(height: Axis, width: Axis, channels: int, filters: int) -> tuple[Unfolding, ...]:
        return tuple(
            im2col(axis) if axis.taps == 1 else way(axis)
            for way, axis in zip(FORMS[form], (height, width), strict=True)
        )

    patch.setattr(selection, "select_unfoldings", unfoldings)


def forms_with(cases: Sequence[object], *, quick: int) -> list[Any]:
    """All pairs of a form and a case. Those of a quick test run have every form and every case.

    Args:
      cases: The cases.
      quick: One in this number of pairs is quick.
    """
    return [
        pytest.param(
            form, case, id=f"{form}-{case}", marks=() if (row + column) % quick == 0 else pytest.mark.slow
        )
        for row, form in enumerate(FORMS)
        for column, case in enumerate(cases)
    ]


@pytest.fixture
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    force(monkeypatch, request.param)
    return str(request.param)


@pytest.mark.parametrize("form, case", forms_with(CASES, quick=3), indirect=["form"])
def test_output_and_gradients(form: str, case: tuple[Pair, Pair, Pair]) -> None:
    compare_with_definition(*case)


@pytest.mark.parametrize("size, kernel, stride", CASES)
def test_output_and_gradients_on_accelerators(
    monkeypatch: pytest.MonkeyPatch, size: Pair, kernel: Pair, stride: Pair
) -> None:
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    compare_with_definition(size, kernel, stride)


@pytest.mark.parametrize("platform", ["cpu", "gpu"])
def test_bfloat16_is_accumulated_in_float32(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    """Only the result is rounded, also if channels and filters are padded: 3 to 8 and 36 to 40."""
    random = np.random.default_rng(0)
    shapes = (8, 7, 3, 5), (5, 3, 3, 36), (4, 7, 36, 5)
    operands = [jnp.asarray(random.standard_normal(shape), jnp.bfloat16) for shape in shapes]
    exact = all_three(
        lambda maps, weights: convolve(maps, weights, (2, 1)), *(x.astype(jnp.float32) for x in operands)
    )
    monkeypatch.setattr(jax, "default_backend", lambda: platform)
    for value, reference in zip(
        all_three(lambda maps, weights: convolve(maps, weights, (2, 1)), *operands), exact, strict=True
    ):
        assert value.dtype == jnp.bfloat16
        np.testing.assert_allclose(value.astype(jnp.float32), reference, rtol=2**-8, atol=1e-5)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    form=st.sampled_from(list(FORMS)),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    kernel=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
)
def test_any_size_kernel_and_stride(form: str, size: Pair, kernel: Pair, stride: Pair) -> None:
    with pytest.MonkeyPatch.context() as patch:
        force(patch, form)
        compare_with_definition(size, kernel, stride)


KERNELS = [((3, 3), (1, 1)), ((7, 5), (1, 1)), ((1, 7), (2, 1)), ((5, 5), (3, 2))]


@pytest.mark.parametrize("form, case", forms_with(KERNELS, quick=4), indirect=["form"])
def test_float32_is_precise(form: str, case: tuple[Pair, Pair]) -> None:
    """Compares with XLA's convolution in float64, for maps of the size that children have."""
    kernel, stride = case
    operands, exact = in_float64(kernel, stride)
    values = all_three(lambda maps, weights: convolve(maps, weights, stride), *operands)
    for value, reference in zip(values, exact, strict=True):
        assert value.dtype == np.float32
        assert np.linalg.norm(np.asarray(value) - reference) < 1e-6 * np.linalg.norm(reference)


@cache
def in_float64(kernel: Pair, stride: Pair) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Maps, weights and the gradient of the output; the output and both gradients by XLA's convolution in float64."""
    random = np.random.default_rng(0)
    shapes = (32, 32, 48, 4), (*kernel, 48, 36), (-(-32 // stride[0]), -(-32 // stride[1]), 36, 4)
    operands = [random.standard_normal(shape).astype(np.float32) for shape in shapes]

    def convolution(maps: jax.Array, weights: jax.Array) -> jax.Array:
        padding = [(size // 2, size // 2) for size in kernel]
        layout = ("HWCN", "HWIO", "HWCN")
        return lax.conv_general_dilated(maps, weights, stride, padding, dimension_numbers=layout)

    with jax.enable_x64(True):
        exact = all_three(convolution, *(operand.astype(np.float64) for operand in operands))
    return operands, [np.asarray(value) for value in exact]


@pytest.mark.parametrize(
    "size, kernel, stride, channels, chosen",
    [
        (8, (7, 7), 1, 144, (direct, direct)),
        (32, (3, 3), 1, 48, (direct, direct)),
        (32, (7, 3), 3, 84, (polyphase, im2col)),  # three taps with a stride of three see each value once
        (32, (3, 3), 2, 48, (im2col, im2col)),  # a transform saves no products
        (64, (3, 3), 1, 48, (direct, direct)),  # nine views cost more than the transform
        (64, (3, 3), 1, 3, (im2col, im2col)),  # transforming the output costs too much for three channels
        (4, (5, 7), 3, 36, (direct, direct)),  # with two output positions, phases are padded
    ],
)
def test_the_unfoldings_that_were_measured_to_be_faster_are_selected(
    size, kernel, stride, channels, chosen
) -> None:
    height, width = (centred_axis(size, window, stride)[0] for window in kernel)
    unfoldings = tuple(way(axis) for way, axis in zip(chosen, (height, width), strict=True))
    assert selection.select_unfoldings(height, width, channels, filters=48) == unfoldings


def test_a_stride_along_an_axis_of_one_tap_skips_values() -> None:
    height, width = (centred_axis(9, window, 2)[0] for window in (1, 3))
    down, _ = selection.select_unfoldings(height, width, 8, 8)
    maps, _ = unfold(jnp.arange(9.0).reshape(9, 1, 1, 1), jnp.ones((1, 3, 1, 1)), down, 0)
    assert maps.ravel().tolist() == [0, 2, 4, 6, 8]


@pytest.mark.parametrize("form, case", forms_with([(2, 1)], quick=4), indirect=["form"])
def test_vmap_equals_a_loop(form: str, case: Pair) -> None:
    random = np.random.default_rng(0)
    maps = random.standard_normal((3, 5, 6, 2, 4)).astype(np.float32)
    weights = random.standard_normal((3, 3, 5, 2, 3)).astype(np.float32)

    def ours(maps, weights):
        return all_three(
            lambda maps, weights: convolve(maps, weights, case), maps, weights, jnp.ones((3, 6, 3, 4))
        )

    batched = jax.vmap(ours)(maps, weights)
    separate = [ours(*operands) for operands in zip(maps, weights, strict=True)]
    for values, one_by_one in zip(batched, zip(*separate, strict=True), strict=True):
        np.testing.assert_allclose(values, np.stack(one_by_one), rtol=1e-4, atol=1e-4)


def all_three(function, maps, weights, output_gradient):
    """Returns the output and both gradients."""

    @jax.jit
    def values(maps, weights, output_gradient):
        output, gradients_of = jax.vjp(function, maps, weights)
        return output, *gradients_of(output_gradient)

    return values(maps, weights, output_gradient)


def compare_with_definition(size: Pair, kernel: Pair, stride: Pair) -> None:
    random = np.random.default_rng(0)
    maps = random.standard_normal((*size, 3, 2)).astype(np.float32)
    weights = random.standard_normal((*kernel, 3, 4)).astype(np.float32)
    exact = by_definition(maps, weights, stride)
    output_gradient = random.standard_normal(exact.shape)
    output, maps_gradient, weights_gradient = all_three(
        lambda maps, weights: convolve(maps, weights, stride),
        maps,
        weights,
        output_gradient.astype(np.float32),
    )
    np.testing.assert_allclose(output, exact, rtol=1e-4, atol=1e-4)

    # The convolution is linear in each operand. So <gradient, change> equals the change of <output_gradient, output>.
    for _ in range(3):
        maps_change, weights_change = map(random.standard_normal, (maps.shape, weights.shape))
        expected = np.sum(output_gradient * by_definition(maps_change, weights, stride))
        np.testing.assert_allclose(np.sum(maps_gradient * maps_change), expected, rtol=1e-4, atol=1e-3)
        expected = np.sum(output_gradient * by_definition(maps, weights_change, stride))
        np.testing.assert_allclose(np.sum(weights_gradient * weights_change), expected, rtol=1e-4, atol=1e-3)


def by_definition(maps: np.ndarray, kernel: np.ndarray, stride: Pair) -> np.ndarray:
    """Computes one position after the other, with zeros outside of the maps."""
    (height, width), (rows, columns) = maps.shape[:2], kernel.shape[:2]
    output = np.zeros((-(-height // stride[0]), -(-width // stride[1]), kernel.shape[3], maps.shape[3]))
    for i, j in np.ndindex(*output.shape[:2]):
        for row, column in np.ndindex(rows, columns):
            y, x = i * stride[0] + row - (rows - 1) // 2, j * stride[1] + column - (columns - 1) // 2
            if 0 <= y < height and 0 <= x < width:
                output[i, j] += kernel[row, column].T @ maps[y, x]
    return output
