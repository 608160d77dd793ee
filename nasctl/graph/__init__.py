"""The op graph, which separates the dialects from costs, drawings, training and export.

A dialect builds a `Graph`. Passes, which are functions, read or rewrite it. Nothing after it depends on a dialect.
"""

from nasctl.graph.binding import bind
from nasctl.graph.canonical import canonical_hash
from nasctl.graph.cost import measure_cost, node_cost
from nasctl.graph.graph import Attribute, Graph, GraphWriter, Node, Shape, Signature
from nasctl.graph.ops import Cost, Op, Property, Role, is_builtin_op, op_named, ops
from nasctl.graph.shapes import infer_shapes, node_shape
from nasctl.graph.simplify import simplify
from nasctl.graph.skips import Layer, classify, connect_skips

__all__ = [
    "Attribute",
    "Cost",
    "Graph",
    "GraphWriter",
    "Layer",
    "Node",
    "Op",
    "Property",
    "Role",
    "Shape",
    "Signature",
    "bind",
    "canonical_hash",
    "classify",
    "connect_skips",
    "infer_shapes",
    "is_builtin_op",
    "measure_cost",
    "node_cost",
    "node_shape",
    "op_named",
    "ops",
    "simplify",
]
