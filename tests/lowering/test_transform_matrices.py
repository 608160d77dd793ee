"""What the matrices of the transform convolution are, one axis at a time, and what they cost."""

import numpy as np
import pytest

from nasctl.lowering.axis import Axis, centred
from nasctl.lowering.convolution.matrices import length_of, matrices_of, work_of


@pytest.mark.parametrize("size, window, stride", [(8, 3, 1), (8, 4, 1), (9, 7, 2), (5, 5, 3), (2, 7, 1)])
def test_three_products_of_matrices_are_a_correlation(size: int, window: int, stride: int) -> None:
    axis, taps = centred(size, window, stride)
    random = np.random.default_rng(0)
    maps, kernel = random.standard_normal(size), random.standard_normal(window)[taps]
    matrices = matrices_of(axis, Axis(1, 1, 1, 0))
    of_maps, of_kernel, of_output = (stages.down[0] for stages in matrices)
    output = of_output.T @ ((of_kernel @ kernel) * (of_maps @ maps))
    padded = np.pad(maps, (axis.before, max(axis.after, 0)))
    expected = [padded[stride * place :][: axis.taps] @ kernel for place in range(axis.places)]
    np.testing.assert_allclose(output, expected, atol=1e-12)


def test_a_circle_has_room_for_what_the_taps_see_beyond_one_end() -> None:
    assert length_of(centred(8, 7, 1)[0]) == 11
    assert length_of(centred(8, 7, 2)[0]) == 11
    assert length_of(centred(8, 2, 1)[0]) == 9


def test_multiplications_are_those_of_the_matrices() -> None:
    axis = centred(8, 7, 1)[0]  # 1 real frequency and 5 pairs of 11
    work = work_of(axis, axis)
    assert work.factors == (1 + 3 * 5) + 5 * 3 * 11
    assert work.maps == 11 * 8 * 8 + 16 * 8 + 5 * (33 * 16)
    assert work.output == work.maps
    assert work_of(axis, Axis(8, 1, 1, 0)) == (16 * 8, 16 * 8 * 8, 16 * 8 * 8)


@pytest.mark.parametrize(
    "down, across", [((8, 7, 2), (5, 3, 1)), ((9, 4, 3), (6, 5, 2)), ((2, 2, 1), (7, 3, 3))]
)
def test_work_is_counted_as_the_matrices_are_large(down: tuple[int, ...], across: tuple[int, ...]) -> None:
    height, width = centred(*down)[0], centred(*across)[0]
    matrices, work = matrices_of(height, width), work_of(height, width)
    lines = [len(matrix) // part for part, matrix in enumerate(matrices.maps.down, 1)]
    factors = [len(matrix) for matrix in matrices.maps.across]
    assert work.factors == np.dot(lines, factors)
    for stages, width_of, counted in (
        (matrices.maps, width.size, work.maps),
        (matrices.output, width.places, work.output),
    ):
        first = sum(matrix.size for matrix in stages.down) * width_of
        assert counted == first + np.dot(lines, [matrix.size for matrix in stages.across])


@pytest.mark.parametrize("number", [0, 1])
def test_along_one_axis_too(number: int) -> None:
    axes = [Axis(6, 1, 1, 0), Axis(6, 1, 1, 0)]
    axes[number] = centred(9, 5, 2)[0]
    matrices, work = matrices_of(*axes), work_of(*axes)
    ((matrix,), (of_output,)) = (
        [part for part in (*stages.down, *stages.across) if part is not None]
        for stages in (matrices.maps, matrices.output)
    )
    assert work == (6 * len(matrix), 6 * matrix.size, 6 * of_output.size)
