"""Draws a scene as PNG at twice its size, for high-resolution screens and print."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from nasctl.graph import Graph
from nasctl.render.dimensions import FONT_SIZES
from nasctl.render.layout import Heading, lay_out
from nasctl.render.palette import LIGHT, Palette
from nasctl.render.scene import Box, Point, Scene, Text
from nasctl.render.strokes import arrowhead_of, own_stroke_of, stroke_of

SCALE = 2
"""Pixels of the image per pixel of the scene."""

_FINE = 2  # antialiasing: shapes are drawn this many times larger, then reduced
_STRIP = 1024  # height in pixels of the strips that are drawn one after the other to save memory
_LINE = 1.3
_FONTS = ("LiberationSans-Regular.ttf", "Helvetica.ttc", "Arial.ttf", "arial.ttf", "DejaVuSans.ttf")


def render_png(graph: Graph, heading: Heading | None = None) -> bytes:
    """Draws a graph as a PNG file.

    Args:
      graph: The graph. The drawing shows shapes and numbers of parameters if it is bound.
      heading: The heading of the drawing.

    Returns:
      The content of the file.
    """
    return write_png(lay_out(graph, heading))


def write_png(scene: Scene, palette: Palette = LIGHT) -> bytes:
    """Draws a scene in pixels as a PNG file.

    Args:
      scene: The scene.
      palette: The colours.

    Returns:
      The content of the file.
    """
    width, height = round(scene.width * SCALE), round(scene.height * SCALE)
    image = Image.new("RGB", (width, height), palette.page)
    for top in range(0, height, _STRIP):
        strip = Image.new("RGB", (width * _FINE, min(_STRIP, height - top) * _FINE), palette.page)
        _draw_shapes(ImageDraw.Draw(strip), scene, palette, top / SCALE)
        image.paste(strip.reduce(_FINE), (0, top))
    draw = ImageDraw.Draw(image)
    for text in (*scene.texts, *(text for box in scene.boxes for text in box.texts)):
        _draw_text(draw, text, palette)
    file = io.BytesIO()
    image.save(file, "PNG", dpi=(72 * SCALE, 72 * SCALE))
    return file.getvalue()


def _draw_shapes(draw: ImageDraw.ImageDraw, scene: Scene, palette: Palette, top: float) -> None:
    """Draws everything but the text in the strip that begins at `top`. Pillow clips what lies outside."""
    scale = SCALE * _FINE
    line = round(_LINE * scale)

    def placed(points: Sequence[Point]) -> list[Point]:
        return [(x * scale, (y - top) * scale) for x, y in points]

    for frame in scene.frames:
        corners = placed([(frame.x, frame.y), (frame.x + frame.width, frame.y + frame.height)])
        draw.rounded_rectangle([*corners[0], *corners[1]], 8 * scale, outline=palette.frame, width=scale)
    for connector in scene.connectors:
        ys = [y for _, y in connector.points]
        if max(ys) < top - 1 or min(ys) > top + _STRIP / SCALE + 1:
            continue
        draw.line(placed(stroke_of(connector).flattened()), palette.connector, line, joint="curve")
        own = own_stroke_of(connector)
        if own is not None and connector.lane is not None:
            draw.line(placed(own.flattened()), palette.lane(connector.lane), line, joint="curve")
        draw.polygon(placed(arrowhead_of(connector)), fill=palette.connector)
    for box in scene.boxes:
        _draw_box(draw, box, placed([(box.x, box.y), (box.right, box.bottom)]), palette)


def _draw_box(draw: ImageDraw.ImageDraw, box: Box, corners: Sequence[Point], palette: Palette) -> None:
    scale = SCALE * _FINE
    half = scale / 2  # the outline is centred on the edge, as in SVG
    (left, top), (right, bottom) = corners
    fill, outline = palette.family(box.family)
    radius = (box.height / 2 if box.join else 5) * scale
    draw.rounded_rectangle(
        [left - half, top - half, right + half, bottom + half],
        radius,
        fill=fill,
        outline=outline,
        width=scale,
    )


def _draw_text(draw: ImageDraw.ImageDraw, text: Text, palette: Palette) -> None:
    size = FONT_SIZES[text.role] * SCALE
    font, content = _font(size), text.content
    if isinstance(font, ImageFont.FreeTypeFont) and font.getname()[0] == "Aileron":
        content = content.replace("×", "x")  # Pillow's default font contains only ASCII
    while font.getlength(content) > text.width * SCALE + 1 and size > 4:
        size *= 0.95
        font = _font(size)
    colour = palette.ink if text.role in ("title", "main") else palette.faint
    anchor = {"start": "l", "middle": "m", "end": "r"}[text.align] + "s"
    position = (text.x * SCALE, (text.y + 0.35 * FONT_SIZES[text.role]) * SCALE)
    draw.text(position, content, fill=colour, font=font, anchor=anchor)


@cache
def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """A sans-serif font of the system, or the default font of Pillow if none is installed."""
    for name in _FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)
