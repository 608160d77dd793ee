"""Builds a language model from the values of an rnn space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nasctl.graph import Graph, GraphWriter
from nasctl.graph.tree_cell import TreeOps, tree_cell
from nasctl.space import Choice, Decision, Value


@dataclass(frozen=True)
class RnnGraphBuilder:
    """Builds language models around a tree cell: an embedding, recurrent layers, and one logit for each word.

    The embedding and all layers have the same number of units. The layers share the cell and have their own weights.

    Attributes:
      base: Number of leaves of the tree of the cell.
      fixed: Names and values of the fixed properties, in order. The properties of the network are `stack`, the number
        of layers; `hidden`, the number of units; and `dropout`, the fraction that is dropped between layers, but not
        between steps (Zaremba et al. 2014).
      fitted: Whether `hidden` is a number of parameters, from which binding computes the number of units.
      shared_embedding: Whether the output layer uses the matrix of the embedding.
    """

    base: int
    fixed: tuple[tuple[str, Choice], ...] = ()
    fitted: bool = False
    shared_embedding: bool = False

    def graph(self, values: Mapping[str, Value]) -> Graph:
        """The network for the given values."""
        known: dict[str, Any] = {**dict(self.fixed), **values}
        cell = tree_cell(self.base, known)
        size: dict[str, Any] = {"fit_params" if self.fitted else "units": known["hidden"]}
        writer = GraphWriter()

        def dropped(value: int, name: str) -> int:
            if not known["dropout"]:
                return value
            return writer.add("dropout", [value], name=f"{name}.dropout", rate=known["dropout"])

        text = writer.add("input", name="text")
        if self.shared_embedding:
            table = writer.add("table", name="table", **size)
            value = writer.add("lookup", [text, table], name="embedding")
        else:
            value = writer.add("embedding", [text], name="embedding", **size)
        value = dropped(value, "embedding")
        for number in range(1, known["stack"] + 1):
            value = writer.add("recurrent", [value], name=f"layer{number}", cell=cell, **size)
            value = dropped(value, f"layer{number}")
        if self.shared_embedding:
            return writer.finish([writer.add("unembed", [value, table], name="output")])
        return writer.finish([writer.add("dense", [value], name="output")])

    def tree_ops(self, decisions: Sequence[Decision]) -> TreeOps | None:
        """The ops of the cells, if all networks have the same layers, units and dropout; else None."""
        if not {"stack", "hidden", "dropout"} <= dict(self.fixed).keys():
            return None
        choices: dict[str, tuple[Choice, ...]] = {name: (value,) for name, value in self.fixed}
        choices |= {decision.name: decision.choices for decision in decisions}

        def ops(part: str) -> tuple[str, ...]:
            return tuple(sorted({str(op) for name in choices if name.endswith(part) for op in choices[name]}))

        return TreeOps(ops(".combine"), ops(".activation"))

    def to_json(self) -> dict[str, object]:
        """The fields as JSON values; `graph_builder_from_json` is the inverse."""
        return {
            "base": self.base,
            "fixed": dict(self.fixed),
            "fitted": self.fitted,
            "shared_embedding": self.shared_embedding,
        }


def graph_builder_from_json(document: Mapping[str, Any]) -> RnnGraphBuilder:
    """The inverse of `RnnGraphBuilder.to_json`."""
    return RnnGraphBuilder(
        base=int(document["base"]),
        fixed=tuple(document["fixed"].items()),
        fitted=bool(document["fitted"]),
        shared_embedding=bool(document["shared_embedding"]),
    )
