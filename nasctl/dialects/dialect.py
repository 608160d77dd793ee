"""The description of a dialect, and the list in which its build function collects decisions."""

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
"""Largest number of decisions of a space."""

MOST_LISTED = 4_000_000
"""Largest number of choices that the decisions of a space and their conditions may list."""


@dataclass(frozen=True)
class Parts:
    """What a dialect makes of a file: the parts of a `Space` that differ between dialects.

    Attributes:
      decisions: The decisions, in the order of the tokens.
      graph_builder: Turns decided values into a network.
      anchors: Points that skip connections connect.
      schedule: The depth schedule: a decision that the number of the trial fixes.
    """

    decisions: tuple[Decision, ...]
    graph_builder: GraphBuilder
    anchors: tuple[AnchorPoint, ...] = ()
    schedule: Schedule | None = None


@dataclass(frozen=True)
class Dialect:
    """A front-end of the language, registered under its name in the entry point group `nasctl.dialects`.

    Attributes:
      name: The name that follows `space` in the first line of a file.
      grammar: The Lark grammar file. Its first rule is `start: header top_item*`. It imports rules of `common.lark`
        by `%import .common (…)` if it is in the same folder, else by `%import common (…)`.
      syntax: Makes the syntax tree: a subclass of `SyntaxBuilder` with a method for each rule of the grammar.
      build: Makes the parts of a space, `(statements, scope, problems) -> Parts`. The statements are those of the
        dialect; `include`, `let`, `require` and settings are handled before the call. The scope contains the names that
        `let` defines. Errors are reported to `problems`; the function then continues, so that all errors are found, and
        its result is discarded. A statement whose attribute `form` is an `InputForm` of `common.lark` sets how image
        files are read.
      graph_builder_from_json: The inverse of `GraphBuilder.to_json`.
      measures: The static measures that `require` can bound. An evaluator must report any other.
      input: What its networks read, which decides the data sets that fit.
      signature: The input and outputs for which costs are stated if no data set is named.
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
    """Collects the decisions of a space in order and assigns their kinds."""

    def __init__(self) -> None:
        self._decisions: list[Decision] = []
        self._kinds: dict[str, tuple[Choice, ...]] = {}
        self._kind_of: dict[tuple[str, tuple[Choice, ...]], str] = {}
        self._numbers: dict[str, int] = {}

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
          kind: Decisions of one kind share parameters of the controller. The default is the last part of the name. If
            an earlier decision of this kind has other choices, a number is appended.
          when: The clauses under which the decision is taken.
        """
        wanted, values = kind or name.rpartition(".")[2], tuple(choices)
        unique = self._kind_of.get((wanted, values), "")
        if not unique:
            number = self._numbers.get(wanted, 0)
            while True:
                number += 1
                unique = wanted if number == 1 else f"{wanted}{number}"
                if self._kinds.setdefault(unique, values) == values:
                    break
            self._numbers[wanted] = number
            self._kind_of[wanted, values] = unique
        self._decisions.append(Decision(name, unique, values, tuple(when)))
        return len(self._decisions) - 1

    def add_anchor(self, name: str, source: Choice, *, when: Iterable[Clause] = ()) -> int:
        """Appends the decision whether a source feeds an anchor, and returns its index.

        Args:
          name: Name of the anchor.
          source: Label of the source.
          when: The clauses under which the decision is taken.
        """
        self._decisions.append(Decision(f"{name}.{source}", "anchor", (0, 1), tuple(when)))
        return len(self._decisions) - 1

    def all(self) -> tuple[Decision, ...]:
        """The decisions that were added, in order."""
        return tuple(self._decisions)
