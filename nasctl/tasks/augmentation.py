"""Random variations of images, as pure functions of a key.

N images of H × W pixels in C channels. Shifting, enlarging, cropping and mirroring act on each axis on its
own and linearly, so that a variation is a matrix for the rows and one for the columns of each image: two
small batched products, fast on every platform, where gathers by image are slow on CPU.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

Images = Float[Array, "N H W C"]


@dataclass(frozen=True)
class Augmentation:
    """How training varies images, and what evaluation shows in its place.

    Attributes:
      vary: Draws one variation of each image.
      settle: The middle of what `vary` draws from: objects keep the size that the network was trained on.
    """

    vary: Callable[[Key[Array, ""], Images], Images]
    settle: Callable[[Images], Images]


NO_AUGMENTATION = Augmentation(vary=lambda key, images: images, settle=lambda images: images)


def shift(pixels: int) -> Augmentation:
    """Moves each image by up to `pixels` along each axis; what moves in is zero."""

    def vary(key: Key[Array, ""], images: Images) -> Images:
        rows_key, columns_key = jax.random.split(key)
        count, height, width, _ = images.shape
        rows = _windows(_padding(height, pixels), height, _offsets(rows_key, count, 2 * pixels))
        columns = _windows(_padding(width, pixels), width, _offsets(columns_key, count, 2 * pixels))
        return _resample(rows, columns, images)

    return Augmentation(vary, settle=NO_AUGMENTATION.settle)


def upsample_crop_flip(factor: float = 1.25) -> Augmentation:
    """Enlarges each image, takes a window of the old size at random and mirrors every other one.

    Zoph & Le 2017, section 4.1, which does not give the factor: 1.25 makes 40×40 of 32×32, as much room as
    the usual padding by 4 pixels.
    """

    def vary(key: Key[Array, ""], images: Images) -> Images:
        rows_key, columns_key, flip_key = jax.random.split(key, 3)
        count, height, width, _ = images.shape
        taller, wider = round(factor * height), round(factor * width)
        rows = _windows(_enlarging(height, taller), height, _offsets(rows_key, count, taller - height))
        columns = _windows(_enlarging(width, wider), width, _offsets(columns_key, count, wider - width))
        mirrored = jax.random.bernoulli(flip_key, shape=(count, 1, 1))
        return _resample(rows, jnp.where(mirrored, columns[:, ::-1], columns), images)

    def settle(images: Images) -> Images:
        count, height, width, _ = images.shape
        taller, wider = round(factor * height), round(factor * width)
        rows = _windows(_enlarging(height, taller), height, jnp.full(count, (taller - height) // 2))
        columns = _windows(_enlarging(width, wider), width, jnp.full(count, (wider - width) // 2))
        return _resample(rows, columns, images)

    return Augmentation(vary, settle)


def _offsets(key: Key[Array, ""], count: int, most: int) -> Int[Array, " N"]:
    return jax.random.randint(key, (count,), 0, most + 1)


def _padding(size: int, pixels: int) -> np.ndarray:
    """The matrix that puts `pixels` zeros before and after an axis."""
    return np.eye(size + 2 * pixels, size, -pixels, dtype=np.float32)


def _enlarging(size: int, larger: int) -> np.ndarray:
    """The matrix of linear interpolation from `size` to `larger` pixels, pixel centres at halves."""
    at = np.clip((np.arange(larger) + 0.5) * size / larger - 0.5, 0, size - 1)
    weights: np.ndarray = np.maximum(0, 1 - np.abs(at[:, None] - np.arange(size)))
    return weights.astype(np.float32)


def _windows(matrix: np.ndarray, size: int, offsets: Int[Array, " N"]) -> Float[Array, "N size _"]:
    """For each image the rows `offset` to `offset + size` of a matrix."""
    return jnp.asarray(matrix)[offsets[:, None] + jnp.arange(size)]


def _resample(rows: Float[Array, "N H H"], columns: Float[Array, "N W W"], images: Images) -> Images:
    return jnp.einsum("nyh,nxw,nhwc->nyxc", rows, columns, images)
