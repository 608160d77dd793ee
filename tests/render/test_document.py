"""A graph as JSON."""

import json
from typing import Any

from drawn_graphs import cnn, language_model

from nasctl.render import graph_document


def test_nodes_have_attributes_shapes_and_parameters():
    document = json.loads(json.dumps(graph_document(cnn([(), (1,)]))))
    assert document["nodes"][1] == {
        "name": "layer1.conv",
        "op": "conv2d",
        "label": "conv 3×5, 30",
        "inputs": ["image"],
        "attributes": {"kernel": [3, 5], "stride": [1, 1], "filters": 30},
        "shape": [8, 8, 30],
        "params": 450,
    }
    assert ["layer1.relu", "layer2.conv"] in document["edges"]
    assert document["outputs"] == ["output"]


def test_an_unbound_graph_has_no_shapes():
    nodes: Any = graph_document(cnn([()], bound=False))["nodes"]
    assert all("shape" not in node for node in nodes)


def test_applied_graphs_are_nested_documents():
    document: Any = graph_document(language_model())
    cell = document["nodes"][2]["attributes"]["cell"]
    assert [node["name"] for node in cell["nodes"]][:3] == ["x", "h", "c"]
