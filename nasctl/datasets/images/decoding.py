"""Decodes image files of any kind to 8 bits in one or three channels, and brings them to one size."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nasctl.datasets.image_format import Fit, ImageFormat
from nasctl.datasets.images.tree import image_formats
from nasctl.errors import NasctlError

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.Image import Image

_GREY = frozenset({"1", "L", "LA", "La", "I", "F"})
"""The modes of Pillow without colours, besides those of 16 bits."""

_ORIENTATION = 0x0112  # the tag of EXIF
_BITS = 258  # the tags of TIFF
_PHOTOMETRIC = 262
_PLANES = 284
_SAMPLES = 339

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
        if _orientation(image) in _TURNED:
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
        size = (form.height, form.width) if orientation in _TURNED else (form.width, form.height)
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
    from PIL import Image

    if image.size == size:
        return image
    if fit == "pad":
        return _padded(image, size)
    box = _central_box(image.size, size) if fit == "crop" else None
    return image.resize(size, Image.Resampling.BICUBIC, box=box, reducing_gap=_DETAIL)


def _padded(image: Image, size: tuple[int, int]) -> Image:
    """The whole image in the middle of a black one. A very long image keeps a line of pixels."""
    from PIL import Image

    scale = min(size[0] / image.width, size[1] / image.height)
    inner = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    whole = Image.new(image.mode, size)
    whole.paste(
        image.resize(inner, Image.Resampling.BICUBIC),
        (round((size[0] - inner[0]) / 2), round((size[1] - inner[1]) / 2)),
    )
    return whole


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

_TURNED = frozenset({5, 6, 7, 8})
"""The orientations that swap height and width."""


def _orientation(image: Image) -> int:
    if image.format == "TIFF":  # Pillow turns it itself
        return 1
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # damaged metadata; the pixels may be whole
        return 1


def _eight_bits(image: Image) -> Image:
    """The image with 8 bits a channel, without transparency. Pillow would set all values above 255 to 255."""
    from PIL import Image

    tags = getattr(image, "tag_v2", {})
    _require_known_samples(tags)
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PPM", "PNG")):
        values = np.asarray(image) >> (4 if tags.get(_BITS) == (12,) else 8)
    elif image.mode in ("I", "F"):
        values = _scaled(np.asarray(image))
    else:
        values = None
    if values is not None:  # Pillow inverts 8 bits itself where a TIFF stores white as 0
        eight = values.astype(np.uint8)
        return Image.fromarray(255 - eight if tags.get(_PHOTOMETRIC) == 0 else eight)
    if image.has_transparency_data:
        grey = image.mode in _GREY
        layered = image.convert("LA" if grey else "RGBA")
        white = Image.new("L" if grey else "RGB", layered.size, "white")
        white.paste(layered.convert(white.mode), mask=layered.getchannel("A"))
        return white
    return image if image.mode in ("L", "RGB") else image.convert("L" if image.mode in _GREY else "RGB")


def _require_known_samples(tags: Mapping[int, Any]) -> None:
    """Refuses images of TIFF that Pillow reads to other pixels than they have.

    Raises:
      NasctlError: The channels have 16 bits and are stored one after the other, or the samples are signed bytes.
    """
    bits = tags.get(_BITS, ())
    if len(bits) > 1 and max(bits) > 8 and tags.get(_PLANES) == 2:
        raise NasctlError(
            "it has planes of 16 bits: convert it to 8 bits, or store the channels of each pixel together"
        )
    if 8 in bits and 2 in tags.get(_SAMPLES, ()):
        raise NasctlError("it has signed numbers of 8 bits: convert it to unsigned ones")


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
