"""Random variations of images, each described by a few integers.

Enlarging, cropping and mirroring act on the rows and the columns of an image separately. So a variation is one matrix
for the rows and one for the columns: two small batched products, which are fast on every platform, whereas a gather per
image is slow on a CPU.

Letters: N images of H × W pixels in C channels, V integers that describe a variation.
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
    """How images are varied in training, and what evaluation uses instead.

    Attributes:
      name: Identifies the three functions: augmentations that differ in one of them have different names.
      draw: Draws the variations from a key, N and the shape of an image.
      vary: Applies the variations.
      centre: Applies the central variation, so that objects have the size that the network was trained on.
    """

    name: str
    draw: Callable[[Key[Array, ""], int, Shape], Variations]
    vary: Callable[[Variations, Images], Images]
    centre: Callable[[Images], Images]


NO_AUGMENTATION = Augmentation(
    "none",
    draw=lambda key, count, shape: jnp.zeros((count, 0), jnp.int32),
    vary=lambda variations, images: images,
    centre=lambda images: images,
)


def upsample_crop_flip(factor: float = 1.25) -> Augmentation:
    """Enlarges each image, crops a random window of the original size and mirrors it with probability 1/2.

    Args:
      factor: The factor by which images are enlarged. The paper does not give it; 1.25 enlarges 32×32 to 40×40, which
        leaves the window as much room as the usual padding by 4 pixels.

    Reference: Zoph & Le 2017, section 4.1.
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

    def centre(images: Images) -> Images:
        count, height, width, _ = images.shape
        middle = jnp.array([room(height) // 2, room(width) // 2, 0])
        return vary(jnp.broadcast_to(middle, (count, 3)), images)

    return Augmentation(f"upsample {factor!r}, crop, flip", draw, vary, centre)


def _enlarging(size: int, larger: int) -> np.ndarray:
    """The matrix of linear interpolation from `size` to `larger` pixels, with pixel centres at halves."""
    at = np.clip((np.arange(larger) + 0.5) * size / larger - 0.5, 0, size - 1)
    weights: np.ndarray = np.maximum(0, 1 - np.abs(at[:, None] - np.arange(size)))
    return weights.astype(np.float32)


def _windows(matrix: np.ndarray, size: int, offsets: Int[Array, " N"]) -> Float[Array, "N size _"]:
    """The rows `offset` to `offset + size` of a matrix, for the offset of each image."""
    return jnp.asarray(matrix)[offsets[:, None] + jnp.arange(size)]


def _resample(rows: Float[Array, "N H H"], columns: Float[Array, "N W W"], images: Images) -> Images:
    return jnp.einsum("nyh,nxw,nhwc->nyxc", rows, columns, images)
