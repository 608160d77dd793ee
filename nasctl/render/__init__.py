"""Drawings of graphs: from the op graph to a scene, and from one scene to every kind of picture.

`blocks` groups the nodes of a graph as people speak of them, `layout` gives every block and connector its place,
and `svg`, `png`, `html`, `dot` and `terminal` draw it.
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
