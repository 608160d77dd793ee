"""Decodes image files of any kind to 8 bits in one or three channels, and brings them to one size."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nasctl.datasets.image_format import Fit, ImageFormat
from nasctl.datasets.image_tree import image_formats
from nasctl.errors import NasctlError

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.Image import Image

_GREY = frozenset({"1", "L", "LA", "La", "I", "F"})
"""The modes of Pillow without colours, besides those of 16 bits."""

_ORIENTATION = 0x0112  # the tag of EXIF
_BITS = 258  # the tag of TIFF

_WITH_PAGES = frozenset({"GIF", "WEBP", "PNG", "AVIF", "TIFF", "FLI", "DCX"})
"""Formats whose files may be animations or have pages. The further images of a JPEG are no frames."""

_DETAIL = 3.0
"""Before an image is resampled, it is reduced by a whole factor to at least this multiple of its new size. Pillow's
manual says that the result then hardly differs from that of resampling alone (`Image.resize`, `reducing_gap`)."""


@dataclass(frozen=True)
class Header:
    """What the first bytes of an image file say.

    Attributes:
      height: Height in pixels as the image is shown: the orientation that a camera stored is applied.
      width: Width in pixels, likewise.
      grey: Whether it has no colours.
    """

    height: int
    width: int
    grey: bool


def read_header(path: Path) -> Header:
    """Reads the header of an image file."""
    from PIL import Image

    with Image.open(path, formats=image_formats()) as image:
        width, height = image.size
        if _orientation(image) >= 5:
            width, height = height, width
        return Header(height, width, image.mode in _GREY or image.mode.startswith("I;16"))


def decode(content: bytes, form: ImageFormat) -> tuple[np.ndarray, bool]:
    """Decodes the content of an image file.

    - The orientation that a camera stored is applied.
    - Transparent pixels show white.
    - Of 16 bits, the upper 8 are kept, of 12 bits likewise. Numbers with 32 bits must be whole from 0 to 255, or
      fractions from 0 to 1, which are multiplied by 255.
    - Of an animation or of several pages, the first is taken.

    Args:
      content: The content of the file.
      form: The size, the channels and the fit.

    Returns:
      The pixels, (height, width, channels) as uint8, and whether the file has further frames.

    Raises:
      NasctlError: The numbers cannot be brought to 8 bits. Pillow raises other errors of all types.
    """
    from PIL import Image

    mode = "L" if form.channels == 1 else "RGB"
    with Image.open(io.BytesIO(content), formats=image_formats()) as image:
        orientation = _orientation(image)
        size = (form.width, form.height) if orientation < 5 else (form.height, form.width)
        least = tuple(round(_DETAIL * side) for side in size)
        image.draft(None, (least[0], least[1]))
        frames = image.format in _WITH_PAGES and getattr(image, "is_animated", False)
        pixels = fitted(_eight_bits(image).convert(mode), size, form.fit)
    if orientation in _TRANSPOSITIONS:
        pixels = pixels.transpose(Image.Transpose[_TRANSPOSITIONS[orientation]])
    return np.asarray(pixels).reshape(form.height, form.width, form.channels), bool(frames)


def fitted(image: Image, size: tuple[int, int], fit: Fit) -> Image:
    """Brings an image to a size.

    Args:
      image: An image with 8 bits a channel.
      size: Width and height.
      fit: `crop` scales it so that it covers the size, and cuts the sides that are too long at both ends; `pad` scales
        it so that it lies within, between black margins; `stretch` changes its proportions.
    """
    from PIL import Image, ImageOps

    if image.size == size:
        return image
    if fit == "pad":
        return ImageOps.pad(image, size, Image.Resampling.BICUBIC)
    box = _central_box(image.size, size) if fit == "crop" else None
    return image.resize(size, Image.Resampling.BICUBIC, box=box, reducing_gap=_DETAIL)


def _central_box(size: tuple[int, int], shape: tuple[int, int]) -> tuple[float, float, float, float]:
    """The largest part of an image that has the proportions of `shape`: left, upper, right, lower."""
    width, height = size
    kept_width = min(width, height * shape[0] / shape[1])
    kept_height = min(height, width * shape[1] / shape[0])
    left, upper = (width - kept_width) / 2, (height - kept_height) / 2
    return left, upper, left + kept_width, upper + kept_height


_TRANSPOSITIONS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
"""How an image is turned by its orientation in EXIF (CIPA DC-008, section 4.6.5)."""


def _orientation(image: Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # damaged metadata; the pixels may be whole
        return 1


def _eight_bits(image: Image) -> Image:
    """The image with 8 bits a channel, without transparency. Pillow would set all values above 255 to 255."""
    from PIL import Image

    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PPM", "PNG")):
        bits = getattr(image, "tag_v2", {}).get(_BITS, (16,))
        return Image.fromarray((np.asarray(image) >> (4 if bits == (12,) else 8)).astype(np.uint8))
    if image.mode in ("I", "F"):
        return Image.fromarray(_scaled(np.asarray(image)))
    if image.has_transparency_data:
        grey = image.mode in _GREY
        layered = image.convert("LA" if grey else "RGBA")
        white = Image.new("L" if grey else "RGB", layered.size, "white")
        white.paste(layered.convert(white.mode), mask=layered.getchannel("A"))
        return white
    return image if image.mode in ("L", "RGB") else image.convert("L" if image.mode in _GREY else "RGB")


def _scaled(values: np.ndarray) -> np.ndarray:
    """Numbers with 32 bits as 8 bits."""
    low, high = values.min(), values.max()
    whole = values.dtype.kind in "iu"
    if not (low >= 0 and high <= (255 if whole else 1)):  # also of NaN
        raise NasctlError(
            f"it has {'whole numbers' if whole else 'fractions'} of 32 bits from {low:g} to {high:g}; "
            f"{'from 0 to 255' if whole else 'from 0 to 1'} they could be used: convert it to 8 bits"
        )
    return (values if whole else np.rint(values * 255)).astype(np.uint8)
