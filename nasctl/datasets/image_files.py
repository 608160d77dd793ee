"""Decodes image files into one array, or lists all files that cannot be decoded."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nasctl.datasets.reading import require_file, require_memory
from nasctl.errors import NasctlError
from nasctl.files import cause_of

if TYPE_CHECKING:
    from PIL.Image import Image

_LISTED = 20
"""The most files that an error lists."""

_GREY = ("1", "L")


def read_images(root: Path, paths: Sequence[Path]) -> np.ndarray:
    """Decodes image files to (N, height, width, channels) as uint8.

    Greyscale images have one channel if all of them are greyscale, otherwise all have three (RGB). Of pixels with 16
    bits, the upper 8 are used; of an animation, the first frame. Images of another size are resized to the most
    frequent size.

    Args:
      root: The folder of the data set, for messages.
      paths: The files, at least one.

    Returns:
      The images, in the order of the paths.

    Raises:
      NasctlError: Files cannot be read as images; the message lists them.
    """
    problems: dict[Path, str] = {}
    headers: list[tuple[bool, tuple[int, int]]] = []
    for path in paths:
        try:
            require_file(path)
            with _opened(path) as image:
                headers.append((_is_grey(image), image.size))
        except Exception as error:  # decoders raise errors of all types for damaged files
            problems[path] = _problem(path, error)
    if problems and not headers:
        raise _refusal(root, problems)
    mode = "L" if all(grey for grey, _ in headers) else "RGB"
    width, height = Counter(size for _, size in headers).most_common(1)[0][0]
    channels = len(mode)
    require_memory(root, len(paths) * height * width * channels)
    images = np.empty((len(paths), height, width, channels), np.uint8)
    for number, path in enumerate(paths):
        if path in problems:
            continue
        try:
            with _opened(path) as image:
                pixels = _eight_bits(image).convert(mode)
            if pixels.size != (width, height):
                pixels = pixels.resize((width, height))
            images[number] = np.asarray(pixels).reshape(height, width, channels)
        except Exception as error:
            problems[path] = _problem(path, error)
    if problems:
        raise _refusal(root, problems)
    return images


def _opened(path: Path) -> Image:
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about large images, and metadata that is not used
        return Image.open(path)


def _is_grey(image: Image) -> bool:
    return image.mode in _GREY or _has_16_bits(image)


def _has_16_bits(image: Image) -> bool:
    return image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM")


def _eight_bits(image: Image) -> Image:
    """The image with 8 bits a channel. Pillow would set all values above 255 to 255."""
    from PIL import Image

    if _has_16_bits(image):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode[0] in "IF":
        raise NasctlError("it has 32 bits a channel; convert it to 8 bits")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about palettes with transparency
        image.load()
        return image if image.mode == "L" else image.convert("L" if image.mode in _GREY else "RGB")


def _problem(path: Path, error: Exception) -> str:
    from PIL import UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return "its format is unknown"
    if isinstance(error, NasctlError):
        return error.message.removeprefix(f"{path} ")
    return cause_of(error)


def _refusal(root: Path, problems: dict[Path, str]) -> NasctlError:
    hint = "remove or replace them" if len(problems) > 1 else "remove or replace the file"
    if len(problems) == 1:
        ((path, cause),) = problems.items()
        return NasctlError(f"{path} cannot be read as an image: {cause}", hint=hint)
    listed = [f"  {path.relative_to(root)}: {cause}" for path, cause in sorted(problems.items())]
    if len(listed) > _LISTED:
        listed = [*listed[:_LISTED], f"  and {len(listed) - _LISTED} more"]
    return NasctlError(
        "\n".join([f"{len(problems)} files of {root} cannot be read as images:", *listed]), hint=hint
    )
