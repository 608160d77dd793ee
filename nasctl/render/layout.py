"""Arranges a graph in a scene: chooses a layout, adds the heading, and adds the graphs that nodes apply."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from nasctl.graph import Graph
from nasctl.render.blocks import Diagram, diagram_of, drawable
from nasctl.render.column import column_layout
from nasctl.render.dimensions import CELLS, PIXELS, Dimensions
from nasctl.render.layered import layered_layout
from nasctl.render.repeats import fold_repeats
from nasctl.render.rows import build_row_graph
from nasctl.render.scene import Frame, Role, Scene, Text

# A diagram is drawn as a column if a row would have more blocks than this,
_MAX_BLOCKS_PER_ROW = 16
# or if there would be more dummy vertices per block than this,
_MAX_DUMMIES_PER_BLOCK = 2
# or if both the share of blocks that read the one directly before and the number of rows per block reach these.
_MIN_CHAIN_SHARE = 0.6
_MIN_ROWS_PER_BLOCK = 0.35


@dataclass(frozen=True)
class Heading:
    """The heading of a drawing.

    Attributes:
      title: The title, such as the name of the space.
      details: Facts below the title, such as `accuracy 98.6 %` and `123,456 parameters`.
    """

    title: str = ""
    details: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", drawable(self.title))
        object.__setattr__(self, "details", tuple(map(drawable, self.details)))


def lay_out(graph: Graph, heading: Heading | None = None) -> Scene:
    """Arranges a graph in a scene in pixels.

    Args:
      graph: The graph. The scene shows shapes and numbers of parameters if it is bound.
      heading: The heading of the drawing.
    """
    return _compose(_folded_diagram(graph), heading or Heading(), PIXELS, None)


def lay_out_cells(graph: Graph, heading: Heading | None = None, *, width: int = 80) -> Scene:
    """Arranges a graph in a scene in terminal cells.

    Args:
      graph: The graph. The scene shows shapes if it is bound.
      heading: The heading of the drawing.
      width: Number of columns of the terminal. A drawing that cannot be that narrow is wider.
    """
    return _compose(_folded_diagram(graph), heading or Heading(), CELLS, width)


def _folded_diagram(graph: Graph) -> Diagram:
    diagram = diagram_of(graph)
    bodies = tuple((title, fold_repeats(body)) for title, body in diagram.bodies)
    return replace(fold_repeats(diagram), bodies=bodies)


def _compose(diagram: Diagram, heading: Heading, dimensions: Dimensions, width: int | None) -> Scene:
    scene = _with_bodies(_network(diagram, dimensions, width), diagram, dimensions, width)
    lines: list[tuple[str, Role]] = [(heading.title, "title")] if heading.title else []
    if heading.details:
        lines.append((" · ".join(heading.details), "detail"))
    y = dimensions.margin
    texts = []
    for text, role in lines:
        height = dimensions.line_height(role)
        text_y = y if dimensions.cells else y + height / 2
        texts.append(Text(dimensions.margin, text_y, text, role, "start", dimensions.text_width(text, role)))
        y += height
    if lines:
        y += 1 if dimensions.cells else dimensions.gap
    content = max([scene.width, *(text.width for text in texts)])
    placed = scene.moved(dimensions.margin + (0 if dimensions.cells else (content - scene.width) / 2), y)
    return replace(
        placed,
        width=content + 2 * dimensions.margin,
        height=y + scene.height + dimensions.margin,
        texts=(*texts, *placed.texts),
        title=heading.title or "A neural network",
        description=describe(diagram),
    )


def _network(diagram: Diagram, dimensions: Dimensions, width: int | None) -> Scene:
    """The scene of one diagram: the first candidate that fits the width, or the last and narrowest one."""
    for scene in _candidate_layouts(diagram, dimensions):
        if width is None or scene.width < width:
            break
    return scene


def _candidate_layouts(diagram: Diagram, dimensions: Dimensions) -> Iterator[Scene]:
    """Layouts of one diagram, each narrower than the one before."""
    if not _is_column(diagram):
        yield layered_layout(diagram, dimensions)
        yield layered_layout(diagram, replace(dimensions, column_gap=1, padding=(1, dimensions.padding[1])))
    yield column_layout(diagram, dimensions)
    narrow = replace(dimensions, lane_gap=1)
    yield column_layout(diagram, narrow)
    yield column_layout(diagram, narrow, notes=False)


def _is_column(diagram: Diagram) -> bool:
    """Whether a diagram is drawn as one column instead of in rows.

    It is if most blocks read the block directly before them, or if the rows would be too wide or crossed by too
    many edges.
    """
    count = len(diagram.blocks)
    direct = sum(source == target - 1 for source, target in diagram.edges)
    graph = build_row_graph(diagram)
    widest = max(sum(vertex < count for vertex in row) for row in graph.rows)
    dummies = len(graph.source) - count
    if widest > _MAX_BLOCKS_PER_ROW or dummies > _MAX_DUMMIES_PER_BLOCK * count:
        return True
    return direct >= _MIN_CHAIN_SHARE * (count - 1) and len(graph.rows) >= _MIN_ROWS_PER_BLOCK * count


def _with_bodies(scene: Scene, diagram: Diagram, dimensions: Dimensions, width: int | None) -> Scene:
    """Adds the graphs that nodes apply: to the right of the network, or below it in a terminal."""
    for title, body in diagram.bodies:
        inner = _with_bodies(_network(body, dimensions, width and width - 4), body, dimensions, width)
        across, down = (2.0, 1.0) if dimensions.cells else (16.0, 12.0)
        heading = dimensions.line_height("note")
        x, y = (0.0, scene.height + 2) if dimensions.cells else (scene.width + 2 * dimensions.column_gap, 0.0)
        title_width = dimensions.text_width(title, "note")
        frame = Frame(x, y, max(inner.width, title_width) + 2 * across, inner.height + heading + 2 * down)
        text = Text(x + across, y + down + heading / 2, title, "note", "start", title_width)
        if dimensions.cells:
            text = replace(text, y=y + 1)
        placed = inner.moved(x + across, y + down + heading)
        offset = len(scene.boxes)
        scene = Scene(
            max(scene.width, frame.x + frame.width),
            max(scene.height, frame.y + frame.height),
            (*scene.boxes, *placed.boxes),
            (
                *scene.connectors,
                *(replace(c, source=c.source + offset, target=c.target + offset) for c in placed.connectors),
            ),
            (*scene.texts, text, *placed.texts),
            (*scene.frames, frame, *placed.frames),
        )
    return scene


def describe(diagram: Diagram) -> str:
    """Describes a diagram in words: what each block is and what it reads."""
    sentences = []
    for index, block in enumerate(diagram.blocks):
        what = ", ".join(line.text for line in block.labels)
        sources: Sequence[str] = [diagram.blocks[source].name for source in diagram.sources(index)]
        sentences.append(f"{block.name}: {what}" + (f", reads {' and '.join(sources)}." if sources else "."))
    sentences += [f"The {title}: {describe(body)}" for title, body in diagram.bodies]
    return " ".join(sentences)
