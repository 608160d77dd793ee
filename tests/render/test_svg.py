"""SVG drawings: well formed, complete and equal to the scene."""

import xml.etree.ElementTree as ElementTree

import pytest
from drawn_graphs import any_graphs, cnn, language_model, stacked_cells
from hypothesis import given, settings

from nasctl.graph import GraphWriter
from nasctl.render import Heading, render_svg
from nasctl.render.blocks import diagram_of
from nasctl.render.layout import lay_out

SVG = "{http://www.w3.org/2000/svg}"


def parsed(graph, heading=None) -> ElementTree.Element:
    return ElementTree.fromstring(render_svg(graph, heading))


@settings(deadline=None, max_examples=50)
@given(any_graphs())
def test_every_block_and_every_edge_is_drawn(graph):
    root = parsed(graph)
    texts = [text.text for text in root.iter(f"{SVG}text")]
    scene = lay_out(graph)
    for box in scene.boxes:
        for text in box.texts:
            assert text.content in texts
    assert len(root.findall(f"{SVG}g[@class='edge']")) == len(scene.connectors)


def test_it_has_a_title_and_a_description_for_screen_readers():
    root = parsed(cnn([(), (1,), (1, 2)]), Heading("a space", ("98 %",)))
    assert root.get("role") == "img"
    assert root.get("aria-label") == root.find(f"{SVG}title").text == "a space"
    description = root.find(f"{SVG}desc").text
    assert "layer2: conv 3×5, 40, batch norm, relu, reads layer1." in description
    assert "layer3.inputs: concat, reads layer1 and layer2." in description


def test_it_has_the_size_of_the_scene():
    scene = lay_out(stacked_cells(2))
    root = parsed(stacked_cells(2))
    assert root.get("viewBox") == f"0 0 {scene.width:g} {scene.height:g}"


def test_it_has_colours_for_light_and_for_dark_pages():
    text = render_svg(cnn([()]))
    assert "@media (prefers-color-scheme: dark)" in text


@pytest.mark.parametrize("name", ["<a> & 'b'", '"quoted"', "größe", "a]]>b"])
def test_special_characters_in_names_are_escaped(name):
    writer = GraphWriter()
    source = writer.add("input", name=name)
    root = parsed(writer.finish([writer.add("relu", [source], name="relu")]), Heading(name))
    assert name in [text.text for text in root.iter(f"{SVG}text")]


def test_a_body_is_drawn_beside_the_network():
    texts = [text.text for text in parsed(language_model()).iter(f"{SVG}text")]
    (_, body) = diagram_of(language_model()).bodies[0]
    assert "cell of layer1 and layer2" in texts
    assert {line.text for block in body.blocks for line in block.labels if not line.detail} <= set(texts)
