"""What a dialect is, and the decisions that its build function writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nasctl.dsl.builder import SyntaxBuilder
from nasctl.dsl.diagnostics import Problems
from nasctl.dsl.syntax import Statement
from nasctl.dsl.values import Scope
from nasctl.graph import Signature
from nasctl.input_kind import InputKind
from nasctl.space import AnchorPoint, Choice, Clause, Decision, GraphBuilder, Schedule

MOST_DECISIONS = 20_000
"""Positions that a token string may have."""


@dataclass(frozen=True)
class Parts:
    """What a dialect makes of a file: everything of a `Space` that is the dialect's own.

    Attributes:
      decisions: In order.
      graph_builder: How their values become a network.
      anchors: Points that skip connections connect.
      schedule: The decision that is fixed by the number of the trial.
    """

    decisions: tuple[Decision, ...]
    graph_builder: GraphBuilder
    anchors: tuple[AnchorPoint, ...] = ()
    schedule: Schedule | None = None


@dataclass(frozen=True)
class Dialect:
    """A front-end of the language, registered under its name in the entry point group `nasctl.dialects`.

    Attributes:
      name: What follows `space` in the first line of a file.
      grammar: The Lark grammar file. Its first rule is `start: header top_item*`; rules of `common.lark` come by
        `%import .common (…)` beside it and by `%import common (…)` from elsewhere.
      syntax: Makes the syntax tree: `SyntaxBuilder` with a method for each further rule.
      build: From the statements that are not everybody's (`include`, `let`, `require` and settings are done
        already), the scope of the `let` names and the collector of problems to the dialect's parts. After an
        error it goes on as well as it can, so that all are found; what it returns is then not used.
      graph_builder_from_json: Inverse of the graph builder's `to_json`.
      measures: The static measures that `require` can bound; others must come from an evaluator.
      input: What its networks read, which decides the data sets that fit.
      signature: The input and outputs for which costs are stated where no data set is named.
      summary: One line for the list of dialects.
    """

    name: str
    grammar: Path
    syntax: type[SyntaxBuilder]
    build: Callable[[Sequence[Statement], Scope, Problems], Parts]
    graph_builder_from_json: Callable[[Mapping[str, Any]], GraphBuilder]
    measures: tuple[str, ...] = ()
    input: InputKind = InputKind.IMAGE
    signature: Signature | None = None
    summary: str = ""


class DecisionList:
    """Collects decisions in order and gives each its kind."""

    def __init__(self) -> None:
        self._decisions: list[Decision] = []
        self._kinds: dict[str, tuple[Choice, ...]] = {}

    def __len__(self) -> int:
        return len(self._decisions)

    def __getitem__(self, index: int) -> Decision:
        return self._decisions[index]

    def add(
        self, name: str, choices: Sequence[Choice], *, kind: str = "", when: Iterable[Clause] = ()
    ) -> int:
        """Appends a decision and returns its index.

        Args:
          name: Unique in the space.
          choices: The choice set.
          kind: What the controller may share between decisions; the name's last part by default. Where that kind
            has other choices already, a number is put after it.
          when: The clauses under which it is taken.
        """
        wanted = kind or name.rpartition(".")[2]
        number, unique = 1, wanted
        while self._kinds.setdefault(unique, tuple(choices)) != tuple(choices):
            number += 1
            unique = f"{wanted}{number}"
        self._decisions.append(Decision(name, unique, tuple(choices), tuple(when)))
        return len(self._decisions) - 1

    def add_anchor(self, name: str, source: Choice, *, when: Iterable[Clause] = ()) -> int:
        """Appends the question whether a source feeds an anchor, and returns its index."""
        self._decisions.append(Decision(f"{name}.{source}", "anchor", (0, 1), tuple(when)))
        return len(self._decisions) - 1

    def all(self) -> tuple[Decision, ...]:
        """The decisions so far."""
        return tuple(self._decisions)
