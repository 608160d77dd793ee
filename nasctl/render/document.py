"""The Graph as JSON values, for other programs."""

from __future__ import annotations

from nasctl.graph import Attribute, Graph, infer_shapes, node_cost, op_named


def graph_document(graph: Graph) -> dict[str, object]:
    """The nodes and edges of a graph as JSON values.

    Args:
      graph: The graph. Nodes of a bound graph also have `shape` and `params`.

    Returns:
      `nodes`, each with `name`, `op`, `label`, `inputs` (names) and `attributes`; `edges`, pairs of names; and
      `outputs`, names.
    """
    shapes = infer_shapes(graph) if is_bound(graph) else None
    nodes: list[dict[str, object]] = []
    for index, node in enumerate(graph.nodes):
        op = op_named(node.op)
        entry: dict[str, object] = {
            "name": node.name,
            "op": node.op,
            "label": op.label(node.attributes),
            "inputs": [graph.nodes[source].name for source in node.inputs],
            "attributes": {name: _value(value) for name, value in node.attributes.items()},
        }
        if shapes is not None:
            entry["shape"] = list(shapes[index])
            entry["params"] = node_cost(
                node, [shapes[source] for source in node.inputs], shapes[index]
            ).params
        nodes.append(entry)
    return {
        "nodes": nodes,
        "edges": [[graph.nodes[source].name, node.name] for node in graph.nodes for source in node.inputs],
        "outputs": [graph.nodes[index].name for index in graph.outputs],
    }


def is_bound(graph: Graph) -> bool:
    """Whether a graph is bound to a task, so that all shapes are known."""
    return all("shape" in node.attributes for node in graph.nodes if node.op == "input")


def _value(value: Attribute) -> object:
    if isinstance(value, Graph):
        return graph_document(value)
    return [_value(part) for part in value] if isinstance(value, tuple) else value
