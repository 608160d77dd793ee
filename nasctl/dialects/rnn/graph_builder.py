"""Builds a recurrent network from the values of an rnn space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from nasctl.graph import Graph, GraphWriter, Signature
from nasctl.graph.tree_cell import TreeOps, tree_cell
from nasctl.input_kind import InputKind
from nasctl.space import Choice, Decision, Value
from nasctl.target_kind import TargetKind


class Output(StrEnum):
    """What the networks of a space predict. The values are the words of the language: `output classifier`.

    Attributes:
      LANGUAGE_MODEL: Each text token from those before it.
      CLASSIFIER: The class of a whole series or document, or which labels apply to it.
      REGRESSION: One or several numbers for a whole series or document.
    """

    LANGUAGE_MODEL = "language_model"
    CLASSIFIER = "classifier"
    REGRESSION = "regression"


_TARGETS: Mapping[Output, tuple[TargetKind, ...]] = {
    Output.LANGUAGE_MODEL: (TargetKind.TOKEN,),
    Output.CLASSIFIER: (TargetKind.CLASS, TargetKind.LABELS),
    Output.REGRESSION: (TargetKind.NUMBERS,),
}
_TYPICAL = {
    (InputKind.TEXT, Output.LANGUAGE_MODEL): Signature((35,), 1_000),
    (InputKind.TEXT, Output.CLASSIFIER): Signature((100,), 2, vocabulary=1_000),
    (InputKind.TEXT, Output.REGRESSION): Signature((100,), 1, vocabulary=1_000),
    (InputKind.SERIES, Output.CLASSIFIER): Signature((100, 1), 2),
    (InputKind.SERIES, Output.REGRESSION): Signature((100, 1), 1),
}


@dataclass(frozen=True)
class RnnGraphBuilder:
    """Builds networks around a tree cell.

    A language model is an embedding, recurrent layers, and one logit for each word at each step. A classifier and a
    regression read the whole series or document and predict from the states after its last step. A series enters by a
    matrix product at each step in place of the embedding.

    The embedding and all layers have the same number of units. The layers share the cell and have their own weights.

    Attributes:
      base: Number of leaves of the tree of the cell.
      fixed: Names and values of the fixed properties, in order. The properties of the network are `stack`, the number
        of layers; `hidden`, the number of units; and `dropout`, the fraction that is dropped between layers, but not
        between steps (Zaremba et al. 2014).
      fitted: Whether `hidden` is a number of parameters, from which binding computes the number of units.
      shared_embedding: Whether the output layer uses the matrix of the embedding; for language models only.
      reads: What the networks read: text or series.
      output: What the networks predict.
    """

    base: int
    fixed: tuple[tuple[str, Choice], ...] = ()
    fitted: bool = False
    shared_embedding: bool = False
    reads: InputKind = InputKind.TEXT
    output: Output = Output.LANGUAGE_MODEL

    @property
    def predicts(self) -> tuple[TargetKind, ...]:
        """The kinds of labels that the networks can be trained on."""
        return _TARGETS[self.output]

    @property
    def signature(self) -> Signature:
        """The sizes for which costs are stated if no data set is named."""
        return _TYPICAL[self.reads, self.output]

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

        source = writer.add("input", name=self.reads.value)
        if self.shared_embedding:
            table = writer.add("table", name="table", **size)
            value = writer.add("lookup", [source, table], name="embedding")
        elif self.reads is InputKind.TEXT:
            value = writer.add("embedding", [source], name="embedding", **size)
        else:
            value = writer.add("project", [source], name="projection", **size)
        whole = self.output is not Output.LANGUAGE_MODEL  # whether one output is predicted for all steps
        masks = [writer.add("mask", [source], name="mask")] if whole else []
        value = dropped(value, "embedding" if self.reads is InputKind.TEXT else "projection")
        for number in range(1, known["stack"] + 1):
            value = writer.add("recurrent", [value, *masks], name=f"layer{number}", cell=cell, **size)
            if whole and number == known["stack"]:
                value = writer.add("last_step", [value], name="last")
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
        """The fields as JSON values; `graph_builder_from_json` is the inverse.

        The ends of a language model are left out: spaces that older versions wrote have the same hash.
        """
        document: dict[str, object] = {
            "base": self.base,
            "fixed": dict(self.fixed),
            "fitted": self.fitted,
            "shared_embedding": self.shared_embedding,
        }
        if self.output is not Output.LANGUAGE_MODEL:
            document |= {"reads": self.reads.value, "output": self.output.value}
        return document


def graph_builder_from_json(document: Mapping[str, Any]) -> RnnGraphBuilder:
    """The inverse of `RnnGraphBuilder.to_json`."""
    return RnnGraphBuilder(
        base=int(document["base"]),
        fixed=tuple(document["fixed"].items()),
        fitted=bool(document["fitted"]),
        shared_embedding=bool(document["shared_embedding"]),
        reads=InputKind(document.get("reads", InputKind.TEXT)),
        output=Output(document.get("output", Output.LANGUAGE_MODEL)),
    )
