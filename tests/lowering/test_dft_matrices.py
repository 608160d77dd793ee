"""The matrices of the Fourier convolution along one axis, and the count of their multiplications."""

import numpy as np
import pytest

from nasctl.lowering.convolution.axis import Axis, centred_axis
from nasctl.lowering.convolution.dft_matrices import count_multiplications, length_of, matrices_of


@pytest.mark.parametrize("size, window, stride", [(8, 3, 1), (8, 4, 1), (9, 7, 2), (5, 5, 3), (2, 7, 1)])
def test_the_matrices_compute_a_cross_correlation(size: int, window: int, stride: int) -> None:
    axis, taps = centred_axis(size, window, stride)
    random = np.random.default_rng(0)
    maps, kernel = random.standard_normal(size), random.standard_normal(window)[taps]
    matrices = matrices_of(axis, Axis(1, 1, 1, 0))
    of_maps, of_kernel, of_output = (stages.vertical[0] for stages in matrices)
    output = of_output.T @ ((of_kernel @ kernel) * (of_maps @ maps))
    padded = np.pad(maps, (axis.pad_before, max(axis.pad_after, 0)))
    expected = [padded[stride * position :][: axis.taps] @ kernel for position in range(axis.output_size)]
    np.testing.assert_allclose(output, expected, atol=1e-12)


def test_the_transform_is_long_enough_that_no_tap_wraps_around() -> None:
    assert length_of(centred_axis(8, 7, 1)[0]) == 11
    assert length_of(centred_axis(8, 7, 2)[0]) == 11
    assert length_of(centred_axis(8, 2, 1)[0]) == 9


def test_multiplications_of_one_kernel() -> None:
    axis = centred_axis(8, 7, 1)[0]  # 1 real frequency and 5 pairs of 11
    work = count_multiplications(axis, axis)
    assert work.factors == (1 + 3 * 5) + 5 * 3 * 11
    assert work.maps == 11 * 8 * 8 + 16 * 8 + 5 * (33 * 16)
    assert work.output == work.maps
    assert count_multiplications(axis, Axis(8, 1, 1, 0)) == (16 * 8, 16 * 8 * 8, 16 * 8 * 8)


@pytest.mark.parametrize(
    "down, across", [((8, 7, 2), (5, 3, 1)), ((9, 4, 3), (6, 5, 2)), ((2, 2, 1), (7, 3, 3))]
)
def test_the_count_agrees_with_the_sizes_of_the_matrices(
    down: tuple[int, ...], across: tuple[int, ...]
) -> None:
    height, width = centred_axis(*down)[0], centred_axis(*across)[0]
    matrices, work = matrices_of(height, width), count_multiplications(height, width)
    lines = [len(matrix) // part for part, matrix in enumerate(matrices.maps.vertical, 1)]
    factors = [len(matrix) for matrix in matrices.maps.horizontal]
    assert work.factors == np.dot(lines, factors)
    for stages, width_of, counted in (
        (matrices.maps, width.size, work.maps),
        (matrices.output, width.output_size, work.output),
    ):
        first = sum(matrix.size for matrix in stages.vertical) * width_of
        assert counted == first + np.dot(lines, [matrix.size for matrix in stages.horizontal])


@pytest.mark.parametrize("number", [0, 1])
def test_the_count_with_a_transform_along_one_axis(number: int) -> None:
    axes = [Axis(6, 1, 1, 0), Axis(6, 1, 1, 0)]
    axes[number] = centred_axis(9, 5, 2)[0]
    matrices, work = matrices_of(*axes), count_multiplications(*axes)
    ((matrix,), (of_output,)) = (
        [part for part in (*stages.vertical, *stages.horizontal) if part is not None]
        for stages in (matrices.maps, matrices.output)
    )
    assert work == (6 * len(matrix), 6 * matrix.size, 6 * of_output.size)
