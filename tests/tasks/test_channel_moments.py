import numpy as np
import pytest

from nasctl.datasets import rows
from nasctl.datasets.rows import Rows
from nasctl.tasks.channel_moments import channel_moments


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.int16])
@pytest.mark.parametrize("shape", [(7, 3, 5, 3), (400, 2, 1, 1)])
def test_the_moments_are_those_of_all_pixels_of_a_channel(dtype: type, shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).integers(0, 256, shape).astype(dtype)
    mean, deviation = channel_moments(images)
    np.testing.assert_allclose(mean, images.mean((0, 1, 2), dtype=np.float64), rtol=1e-6)
    np.testing.assert_allclose(deviation, images.std((0, 1, 2), dtype=np.float64), rtol=1e-6)
    assert mean.dtype == deviation.dtype == np.float32


def test_sums_of_the_largest_bytes_are_exact() -> None:
    images = np.full((5000, 3, 2, 1), 255, np.uint8)
    images[:2500] = 253
    mean, deviation = channel_moments(images)
    assert (mean[0], deviation[0]) == (254, 1)


def test_a_constant_channel_has_the_deviation_1() -> None:
    assert channel_moments(np.full((4, 2, 2, 1), 7, np.uint8))[1] == 1


def test_bytes_that_are_read_in_blocks_have_the_same_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "_BLOCK", 100)
    images = np.random.default_rng(0).integers(0, 256, (50, 3, 4, 3), np.uint8)
    indices = np.random.default_rng(1).permutation(50)[:41]
    for whole, blocks in zip(
        channel_moments(images[indices]), channel_moments(Rows(images, indices)), strict=True
    ):
        np.testing.assert_array_equal(whole, blocks)
