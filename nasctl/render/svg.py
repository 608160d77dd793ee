"""Writes a scene as a self-contained SVG document, for light and dark pages."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from nasctl.graph import Graph
from nasctl.render.dimensions import FONT_SIZES
from nasctl.render.layout import Heading, lay_out
from nasctl.render.palette import DARK, LIGHT, Palette
from nasctl.render.scene import Box, Connector, Point, Scene, Text
from nasctl.render.strokes import Stroke, arrowhead_of, own_stroke_of, stroke_of

_FONTS = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
_ROOT = ".nasctl-drawing"


def render_svg(graph: Graph, heading: Heading | None = None) -> str:
    """Draws a graph as an SVG document.

    Args:
      graph: The graph. The drawing shows shapes and numbers of parameters if it is bound.
      heading: The heading of the drawing.
    """
    return write_svg(lay_out(graph, heading))


def write_svg(scene: Scene) -> str:
    """Writes a scene in pixels as an SVG document."""
    return "\n".join(_document(scene)) + "\n"


def _document(scene: Scene) -> Iterator[str]:
    width, height = _number(scene.width), _number(scene.height)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="nasctl-drawing" role="img" '
        f'aria-label={quoteattr(scene.title)} width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    )
    yield f"<title>{escape(scene.title)}</title>"
    yield f"<desc>{escape(scene.description)}</desc>"
    yield "<style>"
    yield from _style(scene)
    yield "</style>"
    yield f'<rect class="page" width="{width}" height="{height}"/>'
    for frame in scene.frames:
        yield (
            f'<rect class="frame" x="{_number(frame.x)}" y="{_number(frame.y)}" '
            f'width="{_number(frame.width)}" height="{_number(frame.height)}" rx="8"/>'
        )
    for connector in scene.connectors:
        yield from _connector(connector, scene)
    for box in scene.boxes:
        yield from _box(box)
    for text in scene.texts:
        yield _text(text)
    yield "</svg>"


def _style(scene: Scene) -> Iterator[str]:
    yield f"{_ROOT} text {{ font-family: {_FONTS}; }}"
    for role, size in FONT_SIZES.items():
        weight = " font-weight: 600;" if role == "title" else ""
        yield f"{_ROOT} .{role} {{ font-size: {size:g}px;{weight} }}"
    yield f"{_ROOT} .edge path {{ fill: none; stroke-width: 1.3; }}"
    yield f"{_ROOT} .edge:hover path {{ stroke-width: 2.6; }}"
    yield from _colours(LIGHT, scene)
    yield "@media (prefers-color-scheme: dark) {"
    yield from _colours(DARK, scene)
    yield "}"


def _colours(palette: Palette, scene: Scene) -> Iterator[str]:
    yield f"{_ROOT} .page {{ fill: {palette.page}; }}"
    yield f"{_ROOT} .frame {{ fill: none; stroke: {palette.frame}; }}"
    yield f"{_ROOT} .title, {_ROOT} .main {{ fill: {palette.ink}; }}"
    yield f"{_ROOT} .detail, {_ROOT} .note {{ fill: {palette.faint}; }}"
    yield f"{_ROOT} .edge path {{ stroke: {palette.connector}; }}"
    yield f"{_ROOT} .edge polygon {{ fill: {palette.connector}; }}"
    for family in sorted({box.family for box in scene.boxes}):
        fill, outline = palette.family(family)
        yield f"{_ROOT} .{_class(family)} rect {{ fill: {fill}; stroke: {outline}; }}"
    lanes = {connector.lane for connector in scene.connectors if connector.lane is not None}
    for number in sorted({lane % len(palette.lanes) for lane in lanes}):
        yield f"{_ROOT} .edge .lane{number} {{ stroke: {palette.lane(number)}; }}"


def _connector(connector: Connector, scene: Scene) -> Iterator[str]:
    source, target = scene.boxes[connector.source].name, scene.boxes[connector.target].name
    yield f'<g class="edge"><title>{escape(source)} → {escape(target)}</title>'
    yield f'<path d="{_path(stroke_of(connector))}"/>'
    own = own_stroke_of(connector)
    if own is not None and connector.lane is not None:
        yield f'<path class="lane{connector.lane % len(LIGHT.lanes)}" d="{_path(own)}"/>'
    yield f'<polygon points="{" ".join(_point(point) for point in arrowhead_of(connector))}"/></g>'


def _box(box: Box) -> Iterator[str]:
    yield f'<g class="{_class(box.family)}"><title>{escape(box.name)}</title>'
    yield (
        f'<rect x="{_number(box.x)}" y="{_number(box.y)}" width="{_number(box.width)}" '
        f'height="{_number(box.height)}" rx="{_number(box.height / 2 if box.join else 5)}"/>'
    )
    for text in box.texts:
        yield _text(text)
    yield "</g>"


def _text(text: Text) -> str:
    baseline = text.y + 0.35 * FONT_SIZES[text.role]
    return (
        f'<text class="{text.role}" x="{_number(text.x)}" y="{_number(baseline)}" '
        f'text-anchor="{text.align}">{escape(text.content)}</text>'
    )


def _path(stroke: Stroke) -> str:
    parts = [f"M{_point(stroke.start)}"]
    for corner in stroke.corners:
        parts.append(f"L{_point(corner.start)}Q{_point(corner.point)} {_point(corner.end)}")
    return "".join(parts) + f"L{_point(stroke.end)}"


def _class(family: str) -> str:
    """The CSS class of a family. Plug-ins may choose any name for a family."""
    return "family-" + "".join(c if c.isalnum() else "-" for c in family)


def _point(point: Point) -> str:
    return f"{_number(point[0])},{_number(point[1])}"


def _number(value: float) -> str:
    return f"{round(value, 2):g}"
