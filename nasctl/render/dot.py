"""Writes a graph in the DOT language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator

from nasctl.graph import Graph
from nasctl.render.blocks import Block, Diagram, diagram_of
from nasctl.render.boxes import notes_of, shown_names
from nasctl.render.layout import Heading
from nasctl.render.palette import LIGHT


def render_dot(graph: Graph, heading: Heading | None = None) -> str:
    """Writes a graph in the DOT language, with one DOT node per block.

    The graphs that nodes apply become clusters.

    Args:
      graph: The graph. Shapes and numbers of parameters are included if it is bound.
      heading: Label of the drawing.
    """
    heading = heading or Heading()
    label = "\n".join(part for part in (heading.title, " · ".join(heading.details)) if part)
    lines = [
        "digraph network {",
        f"  graph [label={_quoted(label)}, labelloc=t, rankdir=TB, fontname=Helvetica]",
        f'  node [shape=box, style="rounded,filled", fontname=Helvetica, fontsize=11, fontcolor="{LIGHT.ink}"]',
        f'  edge [color="{LIGHT.connector}", arrowsize=0.7]',
        *_diagram(diagram_of(graph), "block", "  "),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _diagram(diagram: Diagram, prefix: str, indent: str) -> Iterator[str]:
    ids = [f"{prefix}{number}" for number in range(len(diagram.blocks))]
    for identity, block, name in zip(ids, diagram.blocks, shown_names(diagram), strict=True):
        fill, outline = LIGHT.family(block.family)
        shape = ", shape=oval" if block.is_join else ""
        yield f'{indent}{identity} [label={_quoted(_label(block, name))}, fillcolor="{fill}", color="{outline}"{shape}]'
    for source, target in diagram.edges:
        yield f"{indent}{ids[source]} -> {ids[target]}"
    for number, (title, body) in enumerate(diagram.bodies):
        yield f"{indent}subgraph cluster_{prefix}_body{number} {{"
        yield f"{indent}  label={_quoted(title)}"
        yield from _diagram(body, f"{prefix}_body{number}_", indent + "  ")
        yield f"{indent}}}"


def _label(block: Block, name: str) -> str:
    return "\n".join([*([name] if name else []), *(line.text for line in block.labels), *notes_of(block)])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
