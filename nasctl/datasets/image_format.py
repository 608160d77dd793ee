"""The form that image files of any size are brought to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Fit = Literal["crop", "pad", "stretch"]


@dataclass(frozen=True)
class ImageFormat:
    """The form of the images of a data set of image files.

    Attributes:
      height: Height in pixels.
      width: Width in pixels.
      channels: 1 for greyscale, 3 for RGB.
      fit: How images of another size or shape get there (`DataConfig.fit`).
    """

    height: int
    width: int
    channels: int
    fit: Fit = "crop"
