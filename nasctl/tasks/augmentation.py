"""Random variations of images: what is drawn is a few whole numbers an image, what is done is linear.

N images of H × W pixels in C channels, V numbers that say how an image is varied. Enlarging, cropping and
mirroring act on each axis on its own, so that a variation is a matrix for the rows and one for the columns of
each image: two small batched products, fast on every platform, where gathers by image are slow on CPU.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from nasctl.graph import Shape

Images = Float[Array, "N H W C"]
Variations = Int[Array, "N V"]


@dataclass(frozen=True)
class Augmentation:
    """How training varies images, and what evaluation shows in its place.

    Attributes:
      name: Stands for all three functions: what differs in one of them has another name.
      draw: From a key, N and the shape of an image, how each image is varied.
      vary: Does it.
      settle: The middle of what `vary` does: objects keep the size that the network was trained on.
    """

    name: str
    draw: Callable[[Key[Array, ""], int, Shape], Variations]
    vary: Callable[[Variations, Images], Images]
    settle: Callable[[Images], Images]


NO_AUGMENTATION = Augmentation(
    "none",
    draw=lambda key, count, shape: jnp.zeros((count, 0), jnp.int32),
    vary=lambda variations, images: images,
    settle=lambda images: images,
)


def upsample_crop_flip(factor: float = 1.25) -> Augmentation:
    """Enlarges each image, takes a window of the old size at random and mirrors every other one.

    Zoph & Le 2017, section 4.1, which does not give the factor: 1.25 makes 40×40 of 32×32, as much room as
    the usual padding by 4 pixels.
    """

    def room(size: int) -> int:
        return round(factor * size) - size

    def draw(key: Key[Array, ""], count: int, shape: Shape) -> Variations:
        height, width, _ = shape
        limits = jnp.array([room(height) + 1, room(width) + 1, 2])
        return jax.random.randint(key, (count, 3), 0, limits)

    def vary(variations: Variations, images: Images) -> Images:
        _, height, width, _ = images.shape
        top, left, mirrored = variations.T
        rows = _windows(_enlarging(height, height + room(height)), height, top)
        columns = _windows(_enlarging(width, width + room(width)), width, left)
        columns = jnp.where(mirrored[:, None, None] == 1, columns[:, ::-1], columns)
        return _resample(rows, columns, images)

    def settle(images: Images) -> Images:
        count, height, width, _ = images.shape
        middle = jnp.array([room(height) // 2, room(width) // 2, 0])
        return vary(jnp.broadcast_to(middle, (count, 3)), images)

    return Augmentation(f"upsample {factor!r}, crop, flip", draw, vary, settle)


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
