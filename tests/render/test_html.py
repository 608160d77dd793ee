"""HTML pages: self-contained, with the drawing and the tables."""

from html.parser import HTMLParser

from drawn_graphs import cnn

from nasctl.render import Heading, render_html


class Reader(HTMLParser):
    """Collects texts and links, and checks that elements are closed in order."""

    void = ("meta", "link", "br", "rect", "path", "polygon")

    def __init__(self):
        super().__init__()
        self.open, self.texts, self.links = [], [], []

    def handle_starttag(self, tag, attributes):
        self.links += [value for name, value in attributes if name in ("src", "href")]
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


def test_it_shows_the_drawing_and_the_tables():
    tables = {
        "Decisions": {"layer1.filters": 36, "layer3.skip": (1, 2), "layer2.skip": ()},
        "Cost": {"params": 12345},
    }
    page = read(render_html(cnn([(), (1,), (1, 2)]), Heading("cnn <1>", ("98 %",)), tables))
    assert page.open == []
    for text in ("cnn <1>", "98 %", "conv 3×5, 30", "layer1.filters", "1, 2", "none", "Cost", "12,345"):
        assert text in page.texts


def test_the_page_is_self_contained():
    page = render_html(cnn([()]))
    assert read(page).links == []
    assert "@import" not in page and "url(" not in page


def test_empty_tables_are_left_out():
    assert "Results" not in render_html(cnn([()]), tables={"Results": {}})
