"""The drawings of an architecture: terminal, SVG, PNG, HTML and DOT, all made from the Graph.

`blocks` groups the nodes of a Graph into blocks. `layout` arranges the blocks and the connectors between them
in a `scene`. `terminal`, `svg`, `png` and `html` draw the scene. `dot` writes the blocks without a layout, and
`document` writes the Graph as JSON.
"""

from nasctl.render.document import graph_document
from nasctl.render.dot import render_dot
from nasctl.render.html import render_html
from nasctl.render.layout import Heading
from nasctl.render.png import render_png
from nasctl.render.svg import render_svg
from nasctl.render.terminal import render_terminal

__all__ = [
    "Heading",
    "graph_document",
    "render_dot",
    "render_html",
    "render_png",
    "render_svg",
    "render_terminal",
]
