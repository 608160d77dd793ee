"""The convolution, in each of its forms on a CPU, against its definition; and the form that is chosen."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from nasctl.lowering.axis import Axis, centred
from nasctl.lowering.convolution import choice, convolve
from nasctl.lowering.convolution.views import Reading, as_it_is, by_phases, by_taps, read

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
    ((2, 3), (5, 7), (1, 1)),  # a kernel that is larger than the map
    ((1, 1), (3, 3), (1, 1)),  # of which only the centre sees it
    ((2, 9), (2, 3), (1, 1)),  # a transform of two frequencies, both real
]
WAYS = {"whole": as_it_is, "phases": by_phases, "taps": by_taps}
FORMS = {f"{down}-{across}": (WAYS[down], WAYS[across]) for down, across in product(WAYS, WAYS)}


def force(patch: pytest.MonkeyPatch, form: str) -> None:
    """Has every layer read its axes in two ways, or in the only one that there is."""

    def readings(height: Axis, width: Axis, channels: int, filters: int) -> tuple[Reading, ...]:
        return tuple(
            by_taps(axis) if axis.taps == 1 else way(axis)
            for way, axis in zip(FORMS[form], (height, width), strict=True)
        )

    patch.setattr(choice, "least_work", readings)


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    force(monkeypatch, request.param)
    return str(request.param)


@pytest.mark.parametrize("size, kernel, stride", CASES)
def test_output_and_gradients(form: str, size: Pair, kernel: Pair, stride: Pair) -> None:
    compare_with_definition(size, kernel, stride)


@pytest.mark.parametrize("size, kernel, stride", CASES)
def test_the_form_of_accelerators(
    monkeypatch: pytest.MonkeyPatch, size: Pair, kernel: Pair, stride: Pair
) -> None:
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    compare_with_definition(size, kernel, stride)


@pytest.mark.parametrize("platform", ["cpu", "gpu"])
def test_bfloat16_is_rounded_once(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    """Sums are those of float32, also where channels and filters are filled up: 3 to 8 and 36 to 40."""
    random = np.random.default_rng(0)
    shapes = (8, 7, 3, 5), (5, 3, 3, 36), (4, 7, 36, 5)
    operands = [jnp.asarray(random.standard_normal(shape), jnp.bfloat16) for shape in shapes]
    exact = all_three(lambda *both: convolve(*both, (2, 1)), *(x.astype(jnp.float32) for x in operands))
    monkeypatch.setattr(jax, "default_backend", lambda: platform)
    for value, reference in zip(
        all_three(lambda *both: convolve(*both, (2, 1)), *operands), exact, strict=True
    ):
        assert value.dtype == jnp.bfloat16
        np.testing.assert_allclose(value.astype(jnp.float32), reference, rtol=2**-8, atol=1e-5)


@settings(max_examples=40, deadline=None)
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


@pytest.mark.parametrize(
    "kernel, stride", [((3, 3), (1, 1)), ((7, 5), (1, 1)), ((1, 7), (2, 1)), ((5, 5), (3, 2))]
)
def test_float32_is_as_precise_as_it_can_be(form: str, kernel: Pair, stride: Pair) -> None:
    """Against XLA's own convolution in float64, of maps as large as children have them."""
    random = np.random.default_rng(0)
    maps = random.standard_normal((32, 32, 48, 4)).astype(np.float32)
    weights = random.standard_normal((*kernel, 48, 36)).astype(np.float32)
    ahead = random.standard_normal((-(-32 // stride[0]), -(-32 // stride[1]), 36, 4)).astype(np.float32)
    values = all_three(lambda *operands: convolve(*operands, stride), maps, weights, ahead)
    with jax.enable_x64(True):
        exact = all_three(
            lambda maps, kernel: lax.conv_general_dilated(
                maps,
                kernel,
                stride,
                [(k // 2, k // 2) for k in weights.shape[:2]],
                dimension_numbers=("HWCN", "HWIO", "HWCN"),
            ),
            *(operand.astype(np.float64) for operand in (maps, weights, ahead)),
        )
    for value, reference in zip(values, exact, strict=True):
        assert value.dtype == np.float32
        assert np.linalg.norm(np.asarray(value) - np.asarray(reference)) < 1e-6 * np.linalg.norm(reference)


@pytest.mark.parametrize(
    "size, kernel, stride, channels, chosen",
    [
        (8, (7, 7), 1, 144, (as_it_is, as_it_is)),
        (32, (3, 3), 1, 48, (as_it_is, as_it_is)),
        (32, (7, 3), 3, 84, (by_phases, by_taps)),  # three taps, three steps apart, see each value once
        (32, (3, 3), 2, 48, (by_taps, by_taps)),  # a transform saves nothing, and takes its own time
        (64, (3, 3), 1, 48, (as_it_is, as_it_is)),  # here nine views are dearer
        (64, (3, 3), 1, 3, (by_taps, by_taps)),  # too few channels for what transforming the output costs
        (4, (5, 7), 3, 36, (as_it_is, as_it_is)),  # two places only: phases would be rounded up
    ],
)
def test_the_form_that_was_measured_to_be_faster_is_chosen(size, kernel, stride, channels, chosen) -> None:
    axes = [centred(size, window, stride)[0] for window in kernel]
    readings = tuple(way(axis) for way, axis in zip(chosen, axes, strict=True))
    assert choice.least_work(*axes, channels, filters=48) == readings


def test_a_stride_along_an_axis_of_one_tap_leaves_values_out() -> None:
    height, width = (centred(9, window, 2)[0] for window in (1, 3))
    down, _ = choice.least_work(height, width, 8, 8)
    maps, _ = read(jnp.arange(9.0).reshape(9, 1, 1, 1), jnp.ones((1, 3, 1, 1)), down, 0)
    assert maps.ravel().tolist() == [0, 2, 4, 6, 8]


def test_examples_of_a_vmap_are_those_of_a_loop(form: str) -> None:
    random = np.random.default_rng(0)
    maps = random.standard_normal((3, 5, 6, 2, 4)).astype(np.float32)
    weights = random.standard_normal((3, 3, 5, 2, 3)).astype(np.float32)

    def ours(maps, weights):
        return all_three(lambda *operands: convolve(*operands, (2, 1)), maps, weights, jnp.ones((3, 6, 3, 4)))

    together = jax.vmap(ours)(maps, weights)
    alone = [ours(*operands) for operands in zip(maps, weights, strict=True)]
    for values, one_by_one in zip(together, zip(*alone, strict=True), strict=True):
        np.testing.assert_allclose(values, np.stack(one_by_one), rtol=1e-4, atol=1e-4)


def all_three(function, maps, weights, ahead):
    """The output and both gradients."""

    @jax.jit
    def values(maps, weights, ahead):
        output, gradients_of = jax.vjp(function, maps, weights)
        return output, *gradients_of(ahead)

    return values(maps, weights, ahead)


def compare_with_definition(size: Pair, kernel: Pair, stride: Pair) -> None:
    random = np.random.default_rng(0)
    maps = random.standard_normal((*size, 3, 2)).astype(np.float32)
    weights = random.standard_normal((*kernel, 3, 4)).astype(np.float32)
    exact = by_definition(maps, weights, stride)
    ahead = random.standard_normal(exact.shape)
    output, maps_gradient, weights_gradient = all_three(
        lambda *operands: convolve(*operands, stride), maps, weights, ahead.astype(np.float32)
    )
    np.testing.assert_allclose(output, exact, rtol=1e-4, atol=1e-4)

    # It is linear in each operand, so <gradient, change> is what the change does to <ahead, output>, exactly.
    for _ in range(3):
        maps_change, weights_change = map(random.standard_normal, (maps.shape, weights.shape))
        seen = np.sum(ahead * by_definition(maps_change, weights, stride))
        np.testing.assert_allclose(np.sum(maps_gradient * maps_change), seen, rtol=1e-4, atol=1e-3)
        seen = np.sum(ahead * by_definition(maps, weights_change, stride))
        np.testing.assert_allclose(np.sum(weights_gradient * weights_change), seen, rtol=1e-4, atol=1e-3)


def by_definition(maps: np.ndarray, kernel: np.ndarray, stride: Pair) -> np.ndarray:
    """One place after the other; what lies outside the map is zero."""
    (height, width), (rows, columns) = maps.shape[:2], kernel.shape[:2]
    output = np.zeros((-(-height // stride[0]), -(-width // stride[1]), kernel.shape[3], maps.shape[3]))
    for i, j in np.ndindex(*output.shape[:2]):
        for row, column in np.ndindex(rows, columns):
            y, x = i * stride[0] + row - (rows - 1) // 2, j * stride[1] + column - (columns - 1) // 2
            if 0 <= y < height and 0 <= x < width:
                output[i, j] += kernel[row, column].T @ maps[y, x]
    return output
