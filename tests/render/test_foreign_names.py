"""Names of any characters and length give drawings that other programs read, and terminals that stay as they are."""

import io
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nasctl.foreign_text import display_width, visible
from nasctl.graph import GraphWriter
from nasctl.render import Heading, render_dot, render_html, render_png, render_svg, render_terminal

NAMES = {
    "escape": "\x1b[31mred\x07",
    "null": "a\x00b",
    "lone surrogate": "a\udcffb",
    "non-character": "a\ufffeb",
    "change of direction": "a\u202eb",
    "tag": "<b>&amp;</b>",
    "end of CDATA": "]]>",
    "end of comment": "--><!--",
    "quotes": "\"'`",
    "backslash": "\\N\\",
    "markup": "[/b]",
    "new lines": "a\r\nb\tc",
    "wide": "漢字",
    "combining": "e\u0301",
    "emoji": "👩\u200d🔬",
    "right to left": "שלום",
    "empty": "",
    "blank": " ",
    "long": "n" * 100_000,
    "long and wide": "漢" * 1000,
}
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def named(name: str):
    """A graph with names of layers, a heading and a table that contain a name."""
    writer = GraphWriter()
    image = writer.add("input", name=name or "image")
    first = writer.add("relu", [image], name=f"{name}1")
    second = writer.add("tanh", [image], name=f"{name}2.tanh")
    writer.add("concat", [first, second], name=f"{name}3.inputs")
    graph = writer.finish([3])
    return graph, Heading(name, (name, "1 parameter")), {name: {name: name, "list": (name, name)}}


any_name = pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)


@any_name
def test_svg_is_well_formed_and_shows_the_name(name: str) -> None:
    graph, heading, _ = named(name)
    document = render_svg(graph, heading)
    root = ElementTree.fromstring(document.encode())
    assert len(document) < 50_000
    title = root.findtext("{http://www.w3.org/2000/svg}title")
    assert title is not None
    if name and len(name) < 100:
        assert title == visible(name)


@settings(deadline=None, max_examples=60)
@given(st.text(st.characters(), max_size=30))
def test_svg_of_any_name_is_well_formed(name: str) -> None:
    graph, heading, _ = named(name)
    ElementTree.fromstring(render_svg(graph, heading).encode())


class Page(HTMLParser):
    """The texts of a page, and whether every element is closed."""

    VOID = ("meta",)

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attributes: object) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: object) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@any_name
def test_html_contains_the_name_as_text(name: str) -> None:
    page = Page()
    content = render_html(*named(name))
    page.feed(content.encode().decode())
    page.close()
    assert page.open == []
    assert CONTROL.search(content) is None
    assert visible(name) in "".join(page.texts)


@any_name
def test_dot_has_the_name_in_quotes(name: str) -> None:
    document = render_dot(*named(name)[:2])
    document.encode()
    assert CONTROL.search(document) is None
    for line in document.splitlines():
        outside = re.sub(r'"(?:[^"\\]|\\.)*"', "", line)
        assert '"' not in outside
        assert re.fullmatch(r"[\w\s\[\]{}=,.;>-]*", outside), outside


@any_name
def test_png_has_a_moderate_size(name: str) -> None:
    image = Image.open(io.BytesIO(render_png(*named(name)[:2])))
    assert image.width * image.height < 2 * 10**7


@any_name
@pytest.mark.parametrize("ascii_only", [False, True])
def test_a_terminal_gets_no_control_characters(name: str, ascii_only: bool) -> None:
    drawing = render_terminal(*named(name)[:2], ascii_only=ascii_only).plain
    assert CONTROL.search(drawing) is None
    drawing.encode("ascii" if ascii_only else "utf-8")
    assert max(map(len, drawing.splitlines())) < 1000


@pytest.mark.parametrize(
    ("name", "plain"), [("漢字", "abcd"), ("e\u0301x", "ab"), ("ｱ", "Q"), ("한x", "abc")]
)
def test_boxes_are_aligned_by_the_columns_that_names_take(name: str, plain: str) -> None:
    rows, plain_rows = (
        render_terminal(*named(each)[:2]).plain.replace(each, "#").splitlines() for each in (name, plain)
    )
    assert rows == plain_rows
    assert display_width(name) == len(plain)
    ascii_rows = render_terminal(*named(name)[:2], ascii_only=True).plain.splitlines()
    assert [len(row) for row in ascii_rows] == [
        len(row) for row in render_terminal(*named(plain)[:2], ascii_only=True).plain.splitlines()
    ]
