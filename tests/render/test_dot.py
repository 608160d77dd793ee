"""DOT drawings: complete and well formed."""

import re

from drawn_graphs import any_graphs, cnn, language_model
from hypothesis import given, settings

from nasctl.graph import GraphWriter
from nasctl.render import Heading, render_dot
from nasctl.render.blocks import diagram_of


@settings(deadline=None)
@given(any_graphs())
def test_every_block_and_every_edge_is_drawn(graph):
    text = render_dot(graph)
    diagram = diagram_of(graph)
    edges = {(int(a), int(b)) for a, b in re.findall(r"^  block(\d+) -> block(\d+)$", text, re.MULTILINE)}
    assert edges == set(diagram.edges)
    assert len(re.findall(r"^  block\d+ \[", text, re.MULTILINE)) == len(diagram.blocks)


@settings(deadline=None)
@given(any_graphs())
def test_brackets_and_quotes_are_balanced(graph):
    text = re.sub(r'"(?:[^"\\]|\\.)*"', "", render_dot(graph, Heading('a "title" \\', ("{",))))
    assert '"' not in text
    assert text.count("{") == text.count("}")
    assert text.count("[") == text.count("]")


def test_labels_describe_blocks():
    text = render_dot(cnn([(), (1,)]))
    assert r'label="layer1\nconv 3×5, 30\nbatch norm\nrelu\n8×8×30\n510 params"' in text


def test_bodies_are_clusters():
    text = render_dot(language_model())
    assert 'subgraph cluster_block_body0 {\n    label="cell of layer1 and layer2"' in text


def test_names_are_quoted():
    writer = GraphWriter()
    source = writer.add("input", name='a "b" \\ c')
    assert r'label="a \"b\" \\ c"' in render_dot(writer.finish([source]))
