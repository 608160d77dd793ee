"""From a graph to a scene: chooses the layout, adds the heading, and sets the bodies of nodes beside the network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from nasctl.graph import Graph
from nasctl.render.blocks import Diagram, diagram_of
from nasctl.render.column import column_layout
from nasctl.render.layered import layered_layout
from nasctl.render.metrics import CELLS, PIXELS, Metrics
from nasctl.render.repeats import fold_repeats
from nasctl.render.rows import place_rows
from nasctl.render.scene import Frame, Role, Scene, Text

_MOST_IN_A_ROW = 16  # boxes in a row, past which a column is used
_MOST_PASSAGES = 2  # edges that pass a row, for each block, past which a column is used
_CHAIN = 0.6  # share of the blocks that read the one before, from which a column is used
_TREE = 0.35  # rows for each block, below which rows are used


@dataclass(frozen=True)
class Heading:
    """What is written over a drawing.

    Attributes:
      title: What is drawn, as the name of a space.
      details: What is known of it: `accuracy 98.6 %`, `123,456 parameters`.
    """

    title: str = ""
    details: tuple[str, ...] = ()


def lay_out(graph: Graph, heading: Heading | None = None) -> Scene:
    """The picture of a graph, in pixels.

    Args:
      graph: Bound to a task, the drawing shows shapes and numbers of parameters.
      heading: What is written over it.
    """
    return _whole(_shown(graph), heading or Heading(), PIXELS, None)


def lay_out_cells(graph: Graph, heading: Heading | None = None, *, width: int = 80) -> Scene:
    """The picture of a graph, in cells of a terminal.

    Args:
      graph: Bound to a task, the drawing shows shapes.
      heading: What is written over it.
      width: Number of columns; a drawing that cannot be that narrow is wider.
    """
    return _whole(_shown(graph), heading or Heading(), CELLS, width)


def _shown(graph: Graph) -> Diagram:
    diagram = diagram_of(graph)
    bodies = tuple((title, fold_repeats(body)) for title, body in diagram.bodies)
    return replace(fold_repeats(diagram), bodies=bodies)


def _whole(diagram: Diagram, heading: Heading, metrics: Metrics, width: int | None) -> Scene:
    scene = _with_bodies(_network(diagram, metrics, width), diagram, metrics, width)
    lines: list[tuple[str, Role]] = [(heading.title, "title")] if heading.title else []
    if heading.details:
        lines.append((" · ".join(heading.details), "detail"))
    y = metrics.margin
    texts = []
    for text, role in lines:
        height = metrics.line_height(role)
        place = y if metrics.cells else y + height / 2
        texts.append(Text(metrics.margin, place, text, role, "start", metrics.text_width(text, role)))
        y += height
    if lines:
        y += 1 if metrics.cells else metrics.gap
    content = max([scene.width, *(text.room for text in texts)])
    placed = scene.moved(metrics.margin + (0 if metrics.cells else (content - scene.width) / 2), y)
    return replace(
        placed,
        width=content + 2 * metrics.margin,
        height=y + scene.height + metrics.margin,
        texts=(*texts, *placed.texts),
        title=heading.title or "A neural network",
        description=describe(diagram),
    )


def _network(diagram: Diagram, metrics: Metrics, width: int | None) -> Scene:
    """The blocks of one diagram, in rows or in a column; the first that is narrow enough, or the narrowest."""
    for scene in _ever_narrower(diagram, metrics):
        if width is None or scene.width < width:
            break
    return scene


def _ever_narrower(diagram: Diagram, metrics: Metrics) -> Iterator[Scene]:
    if not _is_column(diagram):
        yield layered_layout(diagram, metrics)
        yield layered_layout(diagram, replace(metrics, column_gap=1, padding=(1, metrics.padding[1])))
    yield column_layout(diagram, metrics)
    narrow = replace(metrics, lane_gap=1)
    yield column_layout(diagram, narrow)
    yield column_layout(diagram, narrow, notes=False)


def _is_column(diagram: Diagram) -> bool:
    """Whether a diagram is better drawn as one column than in rows.

    It is when most blocks read the one before, and when the rows would be too wide or full of passing edges.
    """
    count = len(diagram.blocks)
    direct = sum(source == target - 1 for source, target in diagram.edges)
    places = place_rows(diagram)
    widest = max(sum(place < count for place in row) for row in places.rows)
    passages = len(places.source) - count
    if widest > _MOST_IN_A_ROW or passages > _MOST_PASSAGES * count:
        return True
    return direct >= _CHAIN * (count - 1) and len(places.rows) >= _TREE * count


def _with_bodies(scene: Scene, diagram: Diagram, metrics: Metrics, width: int | None) -> Scene:
    """Sets the bodies that nodes apply beside the network, in a terminal below it."""
    for title, body in diagram.bodies:
        inner = _with_bodies(_network(body, metrics, width and width - 4), body, metrics, width)
        across, down = (2.0, 1.0) if metrics.cells else (16.0, 12.0)
        heading = metrics.line_height("note")
        x, y = (0.0, scene.height + 2) if metrics.cells else (scene.width + 2 * metrics.column_gap, 0.0)
        room = metrics.text_width(title, "note")
        frame = Frame(x, y, max(inner.width, room) + 2 * across, inner.height + heading + 2 * down)
        text = Text(x + across, y + down + heading / 2, title, "note", "start", room)
        if metrics.cells:
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
    """A diagram in words: what each block is and what it reads."""
    sentences = []
    for index, block in enumerate(diagram.blocks):
        what = ", ".join(line.text for line in block.lines)
        sources: Sequence[str] = [diagram.blocks[source].name for source in diagram.sources(index)]
        sentences.append(f"{block.name}: {what}" + (f", reads {' and '.join(sources)}." if sources else "."))
    sentences += [f"The {title}: {describe(body)}" for title, body in diagram.bodies]
    return " ".join(sentences)
