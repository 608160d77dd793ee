"""The mean and standard deviation of each channel of images, which need not fit into memory.

Letters: N images of H × W pixels in C channels.
"""

from __future__ import annotations

import math

import numpy as np

from nasctl.datasets.rows import Rows, blocks_of

_EXACT = 256
"""Squares of uint8 whose sum float32 holds exactly: 256 · 255² < 2²⁴."""


def channel_moments(images: np.ndarray | Rows) -> tuple[np.ndarray, np.ndarray]:
    """The mean and standard deviation of each channel; the deviation of a constant channel is given as 1.

    Those of integers do not depend on the blocks in which the images are read, as their sums are exact.

    Args:
      images: (N, H, W, C).

    Returns:
      The means and the deviations, (C,) as float32.
    """
    total = squares = np.zeros(images.shape[-1])
    for block in blocks_of(images):
        sums = _byte_sums(block) if block.dtype == np.uint8 else _sums(block)
        total, squares = total + sums[0], squares + sums[1]
    count = math.prod(images.shape[:-1])
    mean, square = total / count, squares / count
    deviation = np.sqrt(np.maximum(square - mean**2, 0))
    is_constant = deviation <= 1e-6 * (1 + abs(mean))
    return mean.astype(np.float32), np.where(is_constant, 1, deviation).astype(np.float32)


def _sums(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sums and the sums of the squares of each channel, as float64."""
    flat = images.reshape(-1, images.shape[-1])
    squares = np.einsum("nc,nc->c", flat, flat, dtype=np.float64, casting="unsafe")
    return flat.sum(0, dtype=np.float64), squares


def _byte_sums(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As `_sums` for uint8, ten times as fast: the rows of images are added first."""
    _, _, width, channels = images.shape
    rows = images.reshape(-1, width * channels)
    sums = np.zeros((2, width * channels))
    for start in range(0, len(rows), _EXACT):
        values = rows[start : start + _EXACT].astype(np.float32)
        sums += values.sum(0), np.einsum("nc,nc->c", values, values)
    total, squares = sums.reshape(2, width, channels).sum(1)
    return total, squares
