import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nasctl.tasks.augmentation import NO_AUGMENTATION, upsample_crop_flip

KEY = jax.random.key(3)
AUGMENTATIONS = [NO_AUGMENTATION, upsample_crop_flip(), upsample_crop_flip(1.5)]


def random_images(count: int, height: int, width: int, channels: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, height, width, channels)).astype(np.float32)


@pytest.mark.parametrize("augmentation", AUGMENTATIONS)
def test_shapes_stay_and_the_key_decides(augmentation) -> None:
    images = random_images(20, 8, 6, 3)
    drawn = augmentation.draw(KEY, 20, (8, 6, 3))
    assert drawn.shape[0] == 20
    assert augmentation.vary(drawn, jnp.asarray(images)).shape == images.shape
    assert np.array_equal(drawn, augmentation.draw(KEY, 20, (8, 6, 3)))
    if drawn.size:
        assert not np.array_equal(drawn, augmentation.draw(jax.random.key(4), 20, (8, 6, 3)))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 8), st.integers(0, 8), st.booleans())
def test_a_crop_is_a_window_of_the_enlarged_image(top: int, left: int, mirrored: bool) -> None:
    (image,) = random_images(1, 32, 32, 1, seed=top)
    enlarged = np.asarray(Image.fromarray(image[:, :, 0]).resize((40, 40), Image.Resampling.BILINEAR))
    expected = enlarged[top : top + 32, left : left + 32]
    variations = jnp.array([[top, left, int(mirrored)]])
    got = upsample_crop_flip().vary(variations, jnp.asarray(image[None]))[0, :, :, 0]
    np.testing.assert_allclose(got, expected[:, ::-1] if mirrored else expected, atol=1e-5)


def test_all_crops_are_drawn_and_half_are_mirrored() -> None:
    drawn = np.asarray(upsample_crop_flip().draw(KEY, 4000, (32, 32, 3)))
    assert [set(column) for column in drawn.T] == [set(range(9)), set(range(9)), {0, 1}]
    assert 0.45 < drawn[:, 2].mean() < 0.55


def test_evaluation_sees_the_middle_at_the_size_of_training() -> None:
    images = jnp.asarray(random_images(2, 32, 32, 3))
    augmentation = upsample_crop_flip()
    middle = augmentation.vary(jnp.array([[4, 4, 0]] * 2), images)
    np.testing.assert_array_equal(augmentation.centre(images), middle)
