"""Properties of every layout: nothing overlaps, and every connector leads from its source to its target."""

from itertools import pairwise

import pytest
from drawn_graphs import any_graphs, cell_graph, cnn, language_model, skip_networks, stacked_cells
from hypothesis import given, settings
from hypothesis import strategies as st

from nasctl.render.blocks import diagram_of
from nasctl.render.column import column_layout
from nasctl.render.dimensions import CELLS, PIXELS
from nasctl.render.layered import layered_layout
from nasctl.render.layout import Heading, lay_out, lay_out_cells
from nasctl.render.repeats import fold_repeats
from nasctl.render.scene import Scene

layouts = st.sampled_from([column_layout, layered_layout])
units = st.sampled_from([CELLS, PIXELS])
graphs = st.one_of(any_graphs(), skip_networks())


Segment = tuple[int, tuple[float, float], str, float, float, float]


def segments_of(scene: Scene) -> list[Segment]:
    """Source, end, direction, position and range of each segment of each connector."""
    segments: list[Segment] = []
    for connector in scene.connectors:
        for (x, y), (to_x, to_y) in pairwise(connector.points):
            direction, position, low, high = ("down", x, y, to_y) if x == to_x else ("across", y, x, to_x)
            segments.append(
                (connector.source, connector.points[-1], direction, position, *sorted((low, high)))
            )
    return segments


@settings(deadline=None)
@given(graphs, layouts, units)
def test_boxes_do_not_overlap(graph, layout, dimensions):
    boxes = layout(diagram_of(graph), dimensions).boxes
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[number + 1 :])


@settings(deadline=None)
@given(graphs, layouts, units)
def test_every_edge_is_a_connector_from_box_to_box(graph, layout, dimensions):
    diagram = diagram_of(graph)
    scene = layout(diagram, dimensions)
    assert {(connector.source, connector.target) for connector in scene.connectors} == set(diagram.edges)
    for connector in scene.connectors:
        assert scene.boxes[connector.source].touches(connector.points[0])
        assert scene.boxes[connector.target].touches(connector.points[-1])
        for (x, y), (to_x, to_y) in pairwise(connector.points):
            assert (x == to_x) != (y == to_y), "segments are horizontal or vertical, and none is empty"


@settings(deadline=None)
@given(graphs, layouts, units)
def test_connectors_cross_no_box(graph, layout, dimensions):
    scene = layout(diagram_of(graph), dimensions)
    for connector in scene.connectors:
        for (x, y), (to_x, to_y) in pairwise(connector.points):
            for box in scene.boxes:
                right_of, left_of = min(x, to_x) >= box.right, max(x, to_x) <= box.x
                below, above = min(y, to_y) >= box.bottom, max(y, to_y) <= box.y
                assert right_of or left_of or below or above


@settings(deadline=None)
@given(graphs, layouts, units)
def test_connectors_of_different_sources_overlap_only_into_the_same_end(graph, layout, dimensions):
    segments = segments_of(layout(diagram_of(graph), dimensions))
    for number, (source, end, direction, position, low, high) in enumerate(segments):
        for other, other_end, other_direction, other_position, other_low, other_high in segments[
            number + 1 :
        ]:
            if (
                source != other
                and end != other_end
                and (direction, position) == (other_direction, other_position)
            ):
                assert high <= other_low or other_high <= low


@settings(deadline=None)
@given(graphs, st.booleans())
def test_everything_is_inside_the_drawing(graph, cells):
    heading = Heading("a title that is wider than many a small drawing", ("a detail", "another"))
    scene = lay_out_cells(graph, heading, width=100) if cells else lay_out(graph, heading)
    for box in scene.boxes:
        assert box.x >= 0 and box.y >= 0 and box.right <= scene.width and box.bottom <= scene.height
    for text in scene.texts:
        assert text.left >= 0 and text.left + text.width <= scene.width
    for connector in scene.connectors:
        assert all(0 <= x <= scene.width and 0 <= y <= scene.height for x, y in connector.points)


@settings(deadline=None)
@given(graphs, layouts)
def test_text_fits_its_box(graph, layout):
    for box in layout(diagram_of(graph), PIXELS).boxes:
        for text in box.texts:
            assert PIXELS.text_width(text.content, text.role) <= text.width <= box.width
            assert box.y < text.y < box.bottom


def test_coordinates_in_cells_are_integers():
    for graph in (cnn([(), (1,), (1, 2)]), cell_graph(), language_model(), stacked_cells(3)):
        scene = lay_out_cells(graph)
        coordinates = [value for c in scene.connectors for point in c.points for value in point]
        coordinates += [position for box in scene.boxes for position in (box.x, box.y, box.right, box.bottom)]
        assert all(position == int(position) for position in coordinates)


def test_a_chain_is_one_column_without_lanes():
    scene = lay_out(cnn([None] * 4))
    assert len({box.middle for box in scene.boxes}) == 1
    assert all(connector.lane is None for connector in scene.connectors)


def test_each_source_of_skip_connections_has_one_lane():
    scene = lay_out(cnn([(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)]))
    lanes = {c.source: {x for x, _ in c.points[:3]} for c in scene.connectors if c.lane is not None}
    assert len(lanes) == 3
    assert len({max(xs) for xs in lanes.values()}) == 3


def test_lanes_are_reused():
    apart = [(), (1,), (1, 2), (3,), (4,), (4, 5), (6,), (7,), (7, 8)]
    scene = lay_out(cnn(apart))
    assert len({max(x for x, _ in c.points) for c in scene.connectors if c.lane is not None}) == 1


def test_a_tree_is_drawn_in_rows():
    tops = [box.y for box in lay_out(cell_graph()).boxes]
    assert len(set(tops)) < len(tops)


def test_a_repeated_cell_is_framed_with_its_boxes_inside():
    diagram = fold_repeats(diagram_of(stacked_cells(4)))
    for layout in (column_layout, layered_layout):
        scene = layout(diagram, PIXELS)
        (frame,) = scene.frames
        inside = [
            frame.x < box.x and box.right < frame.x + frame.width
            and frame.y < box.y and box.bottom < frame.y + frame.height
            for box in scene.boxes
        ]  # fmt: skip
        assert inside == [False, False, True, True, True, True, False, False]
        assert [text.content for text in scene.texts][-2:] == ["× 4", "cell1 to 4"]


@pytest.mark.parametrize("width", [50, 80, 120])
def test_a_terminal_drawing_fits_the_width_if_possible(width):
    scene = lay_out_cells(cnn([tuple(range(1, n)) for n in range(1, 9)]), width=width)
    assert scene.width <= max(width, 55)
