"""The picture of a confusion matrix, as SVG and as PNG.

A cell is the darker, the larger its share of the examples of its class: blue on the diagonal, orange elsewhere. The
shade grows with the root of the share, so that rare errors can be seen.

Letter: K classes.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from xml.sax.saxutils import escape

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from nasctl.foreign_text import cut, display_width, visible
from nasctl.render.palette import DARK, LIGHT

RIGHT, WRONG = "#2b6cb0", "#c05621"
"""The colours of full cells on the diagonal and beside it."""

_MARGIN = 24.0
_LONGEST = 28  # columns of a name
_SCALE = 2  # pixels of the PNG per pixel of the picture
_FONTS_OF_SVG = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
_FONTS = (
    *("DejaVuSans.ttf", "LiberationSans-Regular.ttf", "Helvetica.ttc", "Arial.ttf", "arial.ttf"),
    *("NotoSansCJK-Regular.ttc", "DroidSansFallbackFull.ttf", "wqy-microhei.ttc", "PingFang.ttc"),
    *("Arial Unicode.ttf", "msgothic.ttc", "NotoSans-Regular.ttf", "FreeSans.ttf"),
)


@dataclass(frozen=True)
class Cell:
    """A cell of the matrix.

    Attributes:
      x, y: Its upper left corner.
      shade: How full its colour is, from 0 to 1.
      right: Whether it is on the diagonal.
      text: Its number of examples; empty if it is not written.
      description: What it counts.
    """

    x: float
    y: float
    shade: float
    right: bool
    text: str
    description: str


@dataclass(frozen=True)
class Label:
    """A text beside the matrix.

    Attributes:
      x, y: The end of a rotated text; else its middle, left or right end, in the middle of the line.
      text: The text.
      size: Font size in pixels.
      align: Which point of the text `x` is: `start`, `middle` or `end`.
      rotated: Whether it reads upwards.
      faint: Whether it is a note.
      number: What a PNG shows instead if no font has the characters.
    """

    x: float
    y: float
    text: str
    size: float
    align: str = "start"
    rotated: bool = False
    faint: bool = False
    number: str = ""


@dataclass(frozen=True)
class ConfusionPicture:
    """A picture in pixels.

    Attributes:
      width, height: Its size.
      side: Width and height of a cell.
      cells: The cells.
      labels: The texts.
      title: The title.
    """

    width: float
    height: float
    side: float
    cells: tuple[Cell, ...]
    labels: tuple[Label, ...]
    title: str


def lay_out_confusion(confusion: np.ndarray, names: Sequence[str], title: str) -> ConfusionPicture:
    """Arranges the picture of a confusion matrix.

    Args:
      confusion: The number of examples of each class by the class that was predicted, (K, K).
      names: The names of the classes.
      title: The title.
    """
    count = len(names)
    shown = [cut(visible(name), _LONGEST) for name in names]
    side = min(max(640 / count, 9.0), 48.0)
    size = min(12.0, max(7.0, 0.8 * side))
    widest = max(map(display_width, shown)) * 0.62 * size
    rotated = widest > side - 4
    left = _MARGIN + 22 + widest + 8
    top = _MARGIN + 34
    bottom = top + count * side
    below = widest if rotated else 1.4 * size
    shares = confusion / np.maximum(confusion.sum(1, keepdims=True), 1)
    digits = 0.62 * min(11.0, 0.4 * side) * len(f"{confusion.max():,}")
    written = side >= 20 and digits <= side - 2
    cells = tuple(
        Cell(
            left + column * side,
            top + row * side,
            math.sqrt(shares[row, column]),
            row == column,
            f"{confusion[row, column]:,}" if written and confusion[row, column] else "",
            f"{visible(names[row])} predicted as {visible(names[column])}: {confusion[row, column]:,} "
            f"({100 * shares[row, column]:.1f} %)",
        )
        for row in range(count)
        for column in range(count)
    )
    labels = [Label(_MARGIN, _MARGIN + 8, visible(title), 16)]
    for number, name in enumerate(shown):
        middle = (number + 0.5) * side
        labels.append(Label(left - 8, top + middle, name, size, "end", number=f"class {number}"))
        labels.append(
            Label(
                left + middle,
                bottom + (8 if rotated else 8 + 0.7 * size),
                name,
                size,
                "end" if rotated else "middle",
                rotated,
                number=f"class {number}",
            )
        )
    labels.append(Label(_MARGIN + 6, (top + bottom) / 2, "class", 11, "middle", rotated=True, faint=True))
    labels.append(
        Label(left + count * side / 2, bottom + below + 26, "predicted class", 11, "middle", faint=True)
    )
    width = max(left + count * side, _MARGIN + 0.62 * 16 * display_width(title)) + _MARGIN
    return ConfusionPicture(width, bottom + below + 34 + _MARGIN, side, cells, tuple(labels), visible(title))


def confusion_svg(picture: ConfusionPicture) -> str:
    """Writes the picture as an SVG document, for light and dark pages."""
    return "\n".join(_document(picture)) + "\n"


def _document(picture: ConfusionPicture) -> Iterator[str]:
    width, height = f"{picture.width:.0f}", f"{picture.height:.0f}"
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="nasctl-confusion" role="img" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}">'
    )
    yield f"<title>{escape(picture.title)}</title>"
    yield "<style>"
    yield f".nasctl-confusion text {{ font-family: {_FONTS_OF_SVG}; fill: {LIGHT.ink}; }}"
    yield ".nasctl-confusion .on { fill: #ffffff; }"
    yield f".nasctl-confusion .faint {{ fill: {LIGHT.faint}; }}"
    yield f".nasctl-confusion .page {{ fill: {LIGHT.page}; }}"
    yield f".nasctl-confusion .cell {{ stroke: {LIGHT.frame}; stroke-width: 0.5; }}"
    yield f".nasctl-confusion .right {{ fill: {RIGHT}; }} .nasctl-confusion .wrong {{ fill: {WRONG}; }}"
    yield "@media (prefers-color-scheme: dark) {"
    yield f".nasctl-confusion text {{ fill: {DARK.ink}; }} .nasctl-confusion .faint {{ fill: {DARK.faint}; }}"
    yield f".nasctl-confusion .page {{ fill: {DARK.page}; }} .nasctl-confusion .cell {{ stroke: {DARK.frame}; }}"
    yield "}"
    yield "</style>"
    yield f'<rect class="page" width="{width}" height="{height}"/>'
    side = picture.side
    for cell in picture.cells:
        kind = "right" if cell.right else "wrong"
        yield (
            f'<g><title>{escape(cell.description)}</title><rect class="cell {kind}" x="{cell.x:.2f}" '
            f'y="{cell.y:.2f}" width="{side:.2f}" height="{side:.2f}" fill-opacity="{cell.shade:.3f}"/>'
        )
        if cell.text:
            size = _count_size(side)
            on = ' class="on"' if cell.shade > 0.6 else ""
            yield (
                f'<text{on} x="{cell.x + side / 2:.2f}" y="{cell.y + side / 2 + 0.35 * size:.2f}" '
                f'font-size="{size:.1f}" text-anchor="middle">{cell.text}</text>'
            )
        yield "</g>"
    for label in picture.labels:
        yield _label(label)
    yield "</svg>"


def _label(label: Label) -> str:
    faint = ' class="faint"' if label.faint else ""
    shift = 0.35 * label.size
    place = (
        f'transform="translate({label.x + shift:.2f} {label.y:.2f}) rotate(-90)"'
        if label.rotated
        else f'x="{label.x:.2f}" y="{label.y + shift:.2f}"'
    )
    return (
        f'<text{faint} {place} font-size="{label.size:.1f}" text-anchor="{label.align}">'
        f"{escape(label.text)}</text>"
    )


def confusion_png(picture: ConfusionPicture) -> bytes:
    """Draws the picture as a PNG file, at twice its size. Names that no font of the machine has are numbers."""
    image = Image.new("RGB", (round(picture.width * _SCALE), round(picture.height * _SCALE)), LIGHT.page)
    draw = ImageDraw.Draw(image)
    side = picture.side * _SCALE
    for cell in picture.cells:
        x, y = cell.x * _SCALE, cell.y * _SCALE
        fill = _blended(RIGHT if cell.right else WRONG, cell.shade)
        draw.rectangle([x, y, x + side, y + side], fill=fill, outline=LIGHT.frame)
        if cell.text:
            size = _count_size(picture.side) * _SCALE
            colour = "#ffffff" if cell.shade > 0.6 else LIGHT.ink
            draw.text((x + side / 2, y + side / 2), cell.text, colour, _font(cell.text, size), "mm")
    for label in picture.labels:
        _draw_label(image, draw, label)
    file = io.BytesIO()
    image.save(file, "PNG", dpi=(72 * _SCALE, 72 * _SCALE))
    return file.getvalue()


def _draw_label(image: Image.Image, draw: ImageDraw.ImageDraw, label: Label) -> None:
    text = label.text if not label.number or _font_with(label.text) else label.number
    font = _font(text, label.size * _SCALE)
    colour = LIGHT.faint if label.faint else LIGHT.ink
    x, y = label.x * _SCALE, label.y * _SCALE
    if not label.rotated:
        draw.text((x, y), text, colour, font, {"start": "lm", "middle": "mm", "end": "rm"}[label.align])
        return
    width, height = math.ceil(font.getlength(text)) + 2, math.ceil(1.6 * label.size * _SCALE)
    mask = Image.new("L", (width, height))
    ImageDraw.Draw(mask).text((1, height / 2), text, 255, font, "lm")
    upwards = mask.rotate(90, expand=True)
    top = round(y - (width / 2 if label.align == "middle" else 0))
    image.paste(Image.new("RGB", upwards.size, colour), (round(x - height / 2), top), upwards)


def _count_size(side: float) -> float:
    return min(11.0, 0.4 * side)


def _blended(colour: str, shade: float) -> tuple[int, int, int]:
    full = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    red, green, blue = (round(255 + shade * (part - 255)) for part in full)
    return red, green, blue


@cache
def _font_with(text: str) -> str:
    """A font of the machine that has all characters of a text; empty if there is none."""
    return next((name for name in _FONTS if _has_all(name, text)), "")


def _has_all(name: str, text: str) -> bool:
    try:
        font = ImageFont.truetype(name, 20)
    except OSError:
        return False
    missing = bytes(font.getmask("\U0010fffe"))  # the box that stands for a character without a glyph
    return all(character.isspace() or bytes(font.getmask(character)) != missing for character in text)


def _font(text: str, size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    name = _font_with(text) or _font_with("0")
    return ImageFont.truetype(name, size) if name else ImageFont.load_default(size)
