"""Drawings of networks with foreign text in their names, headings and tables."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from xml.etree import ElementTree

from commands import CONTROL, SURROGATE
from mutation import foreign_text
from running import Kind

from nasctl.graph import GraphWriter
from nasctl.render import (
    Heading,
    graph_document,
    render_dot,
    render_html,
    render_png,
    render_svg,
    render_terminal,
)

_FORMATS = ("svg", "svg", "dot", "html", "terminal", "terminal", "png")


def make(random: Random) -> dict[str, list[str]]:
    return {
        "format": [random.choice(_FORMATS)],
        "names": [foreign_text(random, 3) for _ in range(3)],
        "heading": [foreign_text(random) for _ in range(random.choice((1, 2, 3)))],
        "rows": [foreign_text(random) for _ in range(4)],
    }


def attempt(texts: dict[str, list[str]], folder: Path) -> None:
    drawn = _draw(texts)
    if isinstance(drawn, bytes):
        assert drawn.startswith(b"\x89PNG")
        return
    assert not SURROGATE.search(drawn), "half characters in the drawing"
    assert not CONTROL.search(drawn), "control characters in the drawing"
    match texts["format"][0]:
        case "svg":
            found = Counter(element.tag for element in ElementTree.fromstring(drawn).iter())
            allowed = {
                "svg",
                "title",
                "style",
                "g",
                "rect",
                "path",
                "text",
                "tspan",
                "line",
                "circle",
                "polygon",
                "defs",
                "desc",
                "polyline",
                "ellipse",
                "marker",
            }
            assert {tag.rpartition("}")[2] for tag in found} <= allowed, (
                f"the drawing has the elements {found}"
            )
        case "html":
            _check_html(drawn)
        case "dot":
            quoted = re.sub(r'"(?:[^"\\]|\\.)*"', "_", drawn, flags=re.DOTALL)
            assert '"' not in quoted, "a quotation mark ends a name"
            assert quoted.count("{") == quoted.count("}"), "the braces do not match"


def _draw(texts: dict[str, list[str]]) -> str | bytes:
    writer = GraphWriter()
    first, second, third = texts["names"]
    image = writer.add("input", name=first or "image")
    conv = writer.add("conv2d", [image], name=f"a.{second}", kernel=(3, 3), stride=(1, 1), filters=8)
    relu = writer.add("relu", [conv], name=f"b.{third}")
    graph = writer.finish([relu])
    graph_document(graph)
    title, *details = texts["heading"]
    heading = Heading(title, tuple(details))
    match texts["format"][0]:
        case "svg":
            return render_svg(graph, heading)
        case "dot":
            return render_dot(graph, heading)
        case "html":
            one, two, three, four = texts["rows"]
            return render_html(graph, heading, {one: {two: three}, "x": {"y": (four, 1, 0.5)}})
        case "png":
            return render_png(graph, heading)
    return render_terminal(graph, heading, width=60).plain


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        assert not any(name.startswith("on") for name, _ in attrs), f"{tag} has a handler"


def _check_html(page: str) -> None:
    parser = _Tags()
    parser.feed(page)
    assert parser.tags["script"] == 0, "a text became a script"
    assert parser.tags["table"] <= 2 and parser.tags["h1"] == 1, f"a text became elements: {parser.tags}"


KIND = Kind("drawing", 20_000, make, attempt)
