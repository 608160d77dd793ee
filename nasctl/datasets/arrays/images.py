"""Brings arrays of images to the form (N, height, width, channels), and finds values that cannot be meant.

Letters: N examples, H rows and W columns of pixels, C channels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from nasctl.datasets.split_names import SplitName
from nasctl.errors import NasctlError

_SMALLEST_FLAT = 64
"""Columns from which a table is taken as flattened images; a table of fewer is one of measured quantities."""
_CHUNK = 2**24
"""Elements that are examined at once: a memory-mapped array is never in memory as a whole."""
_LARGEST_UNIT = 1.0
_SMALLEST_BYTES = 16.0
"""Values up to this number may be pixels that were divided by 255 and scaled again."""

Named = tuple[str, np.ndarray]


def read_images(
    place: str, arrays: Mapping[SplitName, Named]
) -> tuple[dict[SplitName, np.ndarray], list[str]]:
    """Brings the images of all splits to one form.

    Images in uint8 stay what they are, memory-mapped arrays included. Others become float32.

    Args:
      place: The file, for messages.
      arrays: For each split, `train` first, the name of its array and the array, of any shape and dtype.

    Returns:
      The images of each split, (N, H, W, C) as uint8 or float32, and notes on what was changed.

    Raises:
      NasctlError: An array is no array of images, or two splits do not fit each other.
    """
    notes: list[str] = []
    for name, array in arrays.values():
        _check_dtype(place, name, array)
    first, train = arrays["train"]
    for name, array in arrays.values():
        if array.shape[1:] != train.shape[1:]:
            raise NasctlError(
                f"{place}: {first} has images of shape {train.shape[1:]} and dtype {train.dtype}, but {name} has "
                f"{array.shape[1:]} and {array.dtype}",
                hint="give all splits the same shape and dtype",
            )
    shaped = {split: _shape(place, name, array) for split, (name, array) in arrays.items()}
    if train.ndim == 2:
        notes.append(
            f"the {train.shape[1]} columns of {first} are read as {_size(shaped['train'])} pixels, row by row"
        )
    elif train.ndim == 4 and shaped["train"].shape != train.shape:
        notes.append(
            f"{first} has the shape {train.shape}: its second axis is read as channels, and images have "
            f"{_size(shaped['train'])} pixels"
        )
    elif train.ndim == 4 and _may_have_channels_first(train.shape):
        notes.append(
            f"{first} has the shape {train.shape}: images have {_size(shaped['train'])} pixels, and the last axis is "
            f"read as channels; if the second one is, store np.moveaxis({first}, 1, -1)"
        )
    ranges = {split: _range(place, name, shaped[split]) for split, (name, _) in arrays.items()}
    notes += _check_ranges(place, arrays, ranges)
    whole = _as_bytes(shaped, ranges)
    if whole and len({array.dtype for array in shaped.values()}) > 1:
        notes.append("the splits have different dtypes: all pixels are read as uint8")
    images = {
        split: _contiguous(array, np.dtype(np.uint8) if whole else np.dtype(np.float32))
        for split, array in shaped.items()
    }
    return images, notes


def _check_dtype(place: str, name: str, array: np.ndarray) -> None:
    if array.dtype.kind in "biuf":
        return
    hints = {
        "c": "store the magnitude, or the real and the imaginary part as two channels",
        "O": "images of different sizes cannot be in one array: bring them to one size, or use a folder of images",
    }
    raise NasctlError(
        f"{place}: {name} has the dtype {array.dtype}",
        hint=hints.get(array.dtype.kind, "pixels must be real numbers"),
    )


def _shape(place: str, name: str, array: np.ndarray) -> np.ndarray:
    """The images as (N, H, W, C), as a view."""
    if not len(array):
        raise NasctlError(
            f"{place}: {name} has the shape {array.shape}, so it has no examples",
            hint="leave the arrays of empty splits out" if "train" not in name else "add training examples",
        )
    if array.ndim == 2 and array.shape[1] >= _SMALLEST_FLAT:
        side = math.isqrt(array.shape[1])
        if side * side == array.shape[1]:
            return array.reshape(len(array), side, side, 1)
        colour = math.isqrt(array.shape[1] // 3)
        if 3 * colour * colour == array.shape[1]:
            raise NasctlError(
                f"{place}: {name} has the shape {array.shape}, which may be images of {colour}×{colour} pixels in "
                "three colours",
                hint=f"if each image has its red plane first, as CIFAR has, store "
                f"{name}.reshape(-1, 3, {colour}, {colour}); if each pixel has its three colours together, "
                f"{name}.reshape(-1, {colour}, {colour}, 3)",
            )
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or 0 in array.shape:
        hint = "the shape must be (N, height, width) or (N, height, width, channels), with no axis of size 0"
        if array.ndim == 2:
            hint = f"{hint}; of a table, the number of columns must be a square, such as 784 for 28×28 pixels"
        if array.ndim == 5:
            hint = f"{hint}; videos and volumes cannot be used"
        raise NasctlError(f"{place}: {name} has the shape {array.shape}", hint=hint)
    _, second, third, last = array.shape
    if last > 4 and third >= 8 and last >= 8:
        if second <= 4:
            return np.moveaxis(array, 1, -1)
        if second < third == last:
            raise NasctlError(
                f"{place}: {name} has the shape {array.shape}: its second axis seems to be channels",
                hint=f"nasctl has the channels last; store np.moveaxis({name}, 1, -1)",
            )
    return array


def _may_have_channels_first(shape: tuple[int, ...]) -> bool:
    """Whether the second axis of images may be channels as well as the last one.

    >>> _may_have_channels_first((60, 3, 7, 7)), _may_have_channels_first((60, 32, 32, 3))
    (True, False)
    """
    _, second, third, last = shape
    if second == third != last:
        return False
    return last > 4 or (second in (1, 3) and third == last > 1)


def _range(place: str, name: str, array: np.ndarray) -> tuple[float, float]:
    """The smallest and the largest value; of uint8, the range of the dtype."""
    if array.dtype == np.uint8:
        return 0.0, 255.0
    step = max(1, _CHUNK // max(1, math.prod(array.shape[1:])))
    low, high, wrong = math.inf, -math.inf, 0
    for start in range(0, len(array), step):
        with np.errstate(over="ignore"):
            chunk = array[start : start + step].astype(np.float32, copy=False)
        low, high = min(low, float(chunk.min())), max(high, float(chunk.max()))
        if not (math.isfinite(low) and math.isfinite(high)):
            wrong = start + int(np.flatnonzero(~np.isfinite(chunk).reshape(len(chunk), -1).all(1))[0])
            raise NasctlError(
                f"{place}: {name} has values that are NaN or infinite, or too large for float32, the first in "
                f"example {wrong}",
                hint="replace them, or leave their images out",
            )
    return low, high


def _check_ranges(
    place: str, arrays: Mapping[SplitName, Named], ranges: Mapping[SplitName, tuple[float, float]]
) -> list[str]:
    """Refuses pixels from 0 to 255 beside pixels from 0 to 1, and notes other differences."""
    first, train = arrays["train"]
    low, high = ranges["train"]
    notes = []
    for split, (name, array) in arrays.items():
        if "f" not in (array.dtype.kind, train.dtype.kind):
            continue
        other_low, other_high = ranges[split]
        units = [
            smallest >= -_LARGEST_UNIT and largest <= _LARGEST_UNIT and smallest < largest
            for smallest, largest in (ranges["train"], ranges[split])
        ]
        if units[0] != units[1] and max(high, other_high) >= _SMALLEST_BYTES:
            raise NasctlError(
                f"{place}: {first} has values from {low:.4g} to {high:.4g}, but {name} from {other_low:.4g} to "
                f"{other_high:.4g}",
                hint=f"scale both alike; to divide {name if units[0] else first} by 255 may be what is missing",
            )
        if (other_high - other_low) > 10 * (high - low) > 0 or (high - low) > 10 * (
            other_high - other_low
        ) > 0:
            notes.append(
                f"{first} has values from {low:.4g} to {high:.4g}, but {name} from {other_low:.4g} to "
                f"{other_high:.4g}"
            )
    return notes


def _as_bytes(
    arrays: Mapping[SplitName, np.ndarray], ranges: Mapping[SplitName, tuple[float, float]]
) -> bool:
    """Whether all splits become uint8: one is, and the others have whole numbers from 0 to 255."""
    if not any(array.dtype == np.uint8 for array in arrays.values()):
        return False
    return all(
        array.dtype.kind in "biu" and ranges[split][0] >= 0 and ranges[split][1] <= 255
        for split, array in arrays.items()
    )


def _contiguous(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """The array in row-major order, copied only if it is not or if it has another dtype."""
    if array.dtype == dtype and array.flags.c_contiguous:
        return array  # still a memory map if it is one
    return np.ascontiguousarray(array, dtype)


def _size(images: np.ndarray) -> str:
    height, width, channels = images.shape[1:]
    return f"{height}×{width}×{channels}" if channels > 1 else f"{height}×{width}"
