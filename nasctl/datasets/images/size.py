"""Chooses the form that all images of a data set are brought to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from nasctl.config import DataConfig, read_image_size
from nasctl.datasets.image_format import ImageFormat
from nasctl.datasets.images.decoding import Header

LARGEST = 64
"""The largest height and width that are chosen where the user names none."""


def image_format(headers: Sequence[Header], settings: DataConfig, largest: int = LARGEST) -> ImageFormat:
    """The form of the images of a data set.

    The user's size is taken if there is one. Otherwise, images of one size that is at most `largest` keep it, and
    others become squares of `largest`, or of the median of their shorter sides if that is smaller. If all images are
    greyscale, they have one channel, otherwise three (RGB).

    With the splits of versions up to 0.1.0, the size is theirs, too: the most frequent one, to which others were
    stretched.

    Args:
      headers: The headers of the images.
      settings: The size and the fit that the user chose.
      largest: The largest height and width to choose.
    """
    sizes = Counter((header.height, header.width) for header in headers)
    earlier = settings.splits == "random"
    if settings.image_size:
        height, width = read_image_size(settings.image_size)
    elif earlier:
        ((height, width), _) = sizes.most_common(1)[0]
    elif len(sizes) == 1 and max(next(iter(sizes))) <= largest:
        ((height, width),) = sizes
    else:
        short = int(np.median([min(header.height, header.width) for header in headers]))
        height = width = max(1, min(largest, short))
    channels = 1 if all(header.grey for header in headers) else 3
    fit = settings.fit or ("stretch" if earlier else "crop")
    return ImageFormat(height, width, channels, fit)  # type: ignore[arg-type]


def note_of_size(form: ImageFormat, headers: Sequence[Header], settings: DataConfig) -> list[str]:
    """The note about how images became smaller or larger; none if they all had their size."""
    if all((header.height, header.width) == (form.height, form.width) for header in headers):
        return []
    how = {"crop": "scaled and cropped", "pad": "scaled and padded", "stretch": "stretched"}[form.fit]
    chosen = "" if settings.image_size else "; --image-size chooses another size"
    return [f"images are {how} to {form.height}×{form.width}{chosen}"]
