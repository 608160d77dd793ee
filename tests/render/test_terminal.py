"""Terminal drawings, compared character by character."""

import io
from textwrap import dedent

from drawn_graphs import cell_graph, cnn, skip_networks, stacked_cells
from hypothesis import given, settings
from rich.console import Console

from nasctl.graph import Graph
from nasctl.render import Heading, render_terminal


def drawn(graph: Graph, **how) -> str:
    return "\n" + render_terminal(graph, **how).plain


def expected(text: str) -> str:
    return dedent(text)


def test_skip_connections_run_in_lanes_beside_the_layers():
    assert drawn(cnn([(), (1,), (1, 2), (1, 2)]), heading=Heading("cnn", ("reward 0.9",))) == expected("""
        cnn
        reward 0.9

               ╭───────────────────────────────────╮
         8×8×1 │               image               │
               ╰─────────────────┬─────────────────╯
                                 ▼
               ╭─ layer1 ──────────────────────────╮
        8×8×30 │ conv 3×5, 30 · batch norm · relu  ├─────╮
               ╰─────────────────┬─────────────────╯     │
                                 ▼                       │
               ╭─ layer2 ──────────────────────────╮     │
        8×8×40 │ conv 3×5, 40 · batch norm · relu  ├─╮   │
               ╰─────────────────┬─────────────────╯ │   │
                                 ▼                   │   │
        8×8×70               (concat) ◀──────────────│───┤
                                 ▼                   │   │
               ╭─ layer3 ──────────────────────────╮ │   │
        8×8×50 │ conv 3×5, 50 · batch norm · relu  ├─│─╮ │
               ╰───────────────────────────────────╯ │ │ │
                                                     │ │ │
        8×8×70               (concat) ◀──────────────┴─│─╯
                                 ▼                     │
               ╭─ layer4 ──────────────────────────╮   │
        8×8×60 │ conv 3×5, 60 · batch norm · relu  │   │
               ╰─────────────────┬─────────────────╯   │
                                 ▼                     │
               ╭─ output.inputs ───────────────────╮   │
           110 │  global average of each · concat  │◀──╯
               ╰─────────────────┬─────────────────╯
                                 ▼
               ╭─ output ──────────────────────────╮
            10 │             dense 10              │
               ╰───────────────────────────────────╯
        """)


def test_a_layer_that_only_a_lane_reaches_is_entered_from_above():
    assert drawn(cnn([(), ()], bound=False), ascii_only=True) == expected("""
        +-----------------------------------+
        |               image               +-+
        +-----------------+-----------------+ |
                          v                   |
        +- layer1 --------------------------+ |
        | conv 3x5, 30 - batch norm - relu  +-|-+
        +-----------------------------------+ | |
                          +-------------------+ |
                          v                     |
        +- layer2 --------------------------+   |
        | conv 3x5, 40 - batch norm - relu  |   |
        +-----------------+-----------------+   |
                          v                     |
        +- output.inputs -------------------+   |
        |  global average of each - concat  |<--+
        +-----------------+-----------------+
                          v
        +- output --------------------------+
        |               dense               |
        +-----------------------------------+
        """)


def test_a_cell_is_drawn_in_rows_down_to_its_new_states():
    assert drawn(cell_graph()) == expected("""
                         ╭─────╮        ╭─────╮
                         │  x  │        │  h  │
                         ╰──┬──╯        ╰──┬──╯
                            ▼              ▼
                      ╭─ node0.x ─╮  ╭─ node0.h ─╮
                      │  linear   │  │  linear   │
                      ╰─────┬─────╯  ╰─────┬─────╯
                            ╰─────╮ ╭──────╯
                                  ▼ ▼
                                ( add )
                            ╭──────┴──────╮
                            ▼             │
        ╭─────╮  ╭─ node0.activation ──╮  │
        │  c  │  │        tanh         │  │
        ╰──┬──╯  ╰──────────┬──────────╯  │
           ╰───────╮ ╭──────╯             │
                   ▼ ▼                    │
              ╭─ inject ──╮               │
              │     ×     │               │
              │   relu    │               │
              ╰─────┬─────╯               │
                    ▼                     ▼
                ╭───────╮             ╭───────╮
                │ new h │             │ new c │
                ╰───────╯             ╰───────╯
        """)


def test_a_repeated_cell_is_drawn_once_in_a_frame():
    assert drawn(stacked_cells(5)) == expected("""
                 ╭───────────────────╮
         8×8×1   │       image       │
                 ╰─────────┬─────────╯
                           ▼
                 ╭─ stem ────────────╮
        8×8×16   │   conv 3×3, 16    ├───╮
                 ╰─────────┬─────────╯   │
                           │             │
               ╭───────────┼─────────────┼─╮
               │           ▼             │ │
               │ ╭─ pool ────────────╮   │ │
        8×8×16 │ │ average pool 3×3  ├─╮ │ │
               │ ╰───────────────────╯ │ │ │
               │           ╭───────────│─╯ │
               │           ▼           │   │
               │ ╭─ skip ────────────╮ │   │
        8×8×16 │ │     identity      ├─│─╮ │ × 5
               │ ╰───────────────────╯ │ │ │ cell1 to 5
               │           ╭───────────╯ │ │
               │           ▼             │ │
               │ ╭─ conv ────────────╮   │ │
        8×8×16 │ │   conv 3×3, 16    │   │ │
               │ ╰─────────┬─────────╯   │ │
               │           ▼             │ │
        8×8×16 │         (add)◀──────────╯ │
               ╰───────────┼───────────────╯
                           ▼
                 ╭─ pool ────────────╮
            16   │  global average   │
                 ╰─────────┬─────────╯
                           ▼
                 ╭─ output ──────────╮
            10   │     dense 10      │
                 ╰───────────────────╯
        """)


def test_styles_appear_on_terminals_only():
    drawing = render_terminal(cnn([(), (1,), (1, 2)]))
    plain, coloured = io.StringIO(), io.StringIO()
    Console(file=plain, width=100, color_system=None).print(drawing, end="")
    Console(file=coloured, width=100, force_terminal=True, color_system="standard").print(drawing, end="")
    assert plain.getvalue() == drawing.plain
    assert "\x1b[" in coloured.getvalue()


@settings(deadline=None, max_examples=50)
@given(skip_networks())
def test_ascii_drawings_contain_only_ascii(graph):
    drawing = drawn(graph, ascii_only=True)
    assert drawing.isascii()
    assert "?" not in drawing


@settings(deadline=None, max_examples=50)
@given(skip_networks(most_layers=8))
def test_no_line_exceeds_the_requested_width(graph):
    assert max(map(len, drawn(graph, width=70).splitlines())) <= 70


@settings(deadline=None, max_examples=50)
@given(skip_networks())
def test_every_edge_into_a_block_has_one_arrowhead(graph):
    drawing = drawn(graph, width=200)
    layers = [node for node in graph.nodes if node.op in ("conv2d", "dense")]
    assert drawing.count("▼") + drawing.count("◀") >= len(layers)
