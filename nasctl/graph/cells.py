"""Known recurrent cells, as baselines for the cells that a search finds.

Each is a Graph for the attribute `cell` of the op `recurrent`. x is the input, h and c are states, W and U matrices, b
a bias, σ the logistic function and ⊙ the elementwise product.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from nasctl.graph.graph import Graph, GraphWriter
from nasctl.graph.ops import op_named


def vanilla_cell() -> Graph:
    """The cell of a vanilla recurrent network (Elman 1990): h' = tanh(W x + U h + b)."""
    writer = GraphWriter()
    x, h = _states(writer, "x", "h")
    return writer.finish([writer.add("tanh", [_gate(writer, "new", x, h)], name="output")])


def lstm_cell() -> Graph:
    """The LSTM (Hochreiter & Schmidhuber 1997, Gers et al. 2000).

    c' = σ(f) ⊙ c + σ(i) ⊙ tanh(g) and h' = σ(o) ⊙ tanh(c'), where each of i, f, g and o is W x + U h + b.
    """
    writer = GraphWriter()
    x, h, c = _states(writer, "x", "h", "c")
    gates = {
        name: writer.add(activation, [_gate(writer, name, x, h)], name=f"{name}.activation")
        for name, activation in (
            ("input", "sigmoid"),
            ("forget", "sigmoid"),
            ("candidate", "tanh"),
            ("output", "sigmoid"),
        )
    }
    kept = writer.add("elem_mult", [gates["forget"], c], name="kept")
    written = writer.add("elem_mult", [gates["input"], gates["candidate"]], name="written")
    cell = writer.add("add", [kept, written], name="cell")
    shown = writer.add("tanh", [cell], name="cell.activation")
    return writer.finish([writer.add("elem_mult", [gates["output"], shown], name="hidden"), cell])


def gru_cell() -> Graph:
    """The GRU (Cho et al. 2014), in the variant that applies the reset gate after the product with h.

    h' = (1 - z) ⊙ n + z ⊙ h, where n = tanh(W x + r ⊙ (U h + b)), and each of z and r is σ(W x + U h + b).
    """
    writer = GraphWriter()
    x, h = _states(writer, "x", "h")
    reset, update = (
        writer.add("sigmoid", [_gate(writer, name, x, h)], name=f"{name}.activation")
        for name in ("reset", "update")
    )
    read = writer.add("linear", [x], name="new.x")
    remembered = writer.add("linear", [h], name="new.h", bias=True)
    allowed = writer.add("elem_mult", [reset, remembered], name="allowed")
    new = writer.add("tanh", [writer.add("add", [read, allowed], name="new")], name="new.activation")
    rest = writer.add("complement", [update], name="rest")
    written = writer.add("elem_mult", [rest, new], name="written")
    kept = writer.add("elem_mult", [update, h], name="kept")
    return writer.finish([writer.add("add", [written, kept], name="hidden")])


KNOWN_CELLS: Mapping[str, Callable[[], Graph]] = {
    "vanilla RNN": vanilla_cell,
    "GRU": gru_cell,
    "LSTM": lstm_cell,
}
"""The known cells by name, from the smallest to the largest."""


def with_cell(graph: Graph, cell: Graph, params: int) -> Graph:
    """Replaces the cell of a network.

    Args:
      graph: A network with recurrent layers, not yet bound.
      cell: The new cell of all recurrent layers.
      params: Largest number of parameters of the network. Binding chooses the number of units accordingly.
    """
    nodes = tuple(
        replace(
            node,
            attributes={key: value for key, value in node.attributes.items() if key not in ("units", "cell")}
            | {"fit_params": params}
            | ({"cell": cell} if node.op == "recurrent" else {}),
        )
        if {"embedding", "projection", "recurrent"}.intersection(op_named(node.op).roles)
        else node
        for node in graph.nodes
    )
    return replace(graph, nodes=nodes)


def _states(writer: GraphWriter, *slots: str) -> list[int]:
    return [writer.add("input", name=slot, slot=slot) for slot in slots]


def _gate(writer: GraphWriter, name: str, x: int, h: int) -> int:
    """Writes W x + U h + b and returns the index of its output."""
    products = (
        writer.add("linear", [x], name=f"{name}.x"),
        writer.add("linear", [h], name=f"{name}.h", bias=True),
    )
    return writer.add("add", products, name=name)
