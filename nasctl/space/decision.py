"""The decisions of a search space, their conditions, and the points that anchors connect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Choice = int | float | str
"""An element of a choice set."""

Value = Choice | tuple[Choice, ...]
"""The value of a decision: a choice. The value of an anchor is the labels of the sources that feed it."""

Tokens = tuple[int, ...]
"""The token string of an architecture: for each decision the index of its choice, or `INACTIVE`."""

INACTIVE = -1
"""The token of a decision that is not taken because its condition does not hold."""


@dataclass(frozen=True)
class Clause:
    """A condition that holds if an earlier decision took one of the given choices.

    Attributes:
      decision: Index of the earlier decision in `Space.decisions`.
      tokens: Sorted indices of the choices for which the clause holds.
    """

    decision: int
    tokens: tuple[int, ...]

    def holds(self, tokens: Sequence[int]) -> bool:
        """Whether the clause holds.

        Args:
          tokens: A token string, or a prefix that contains the token of `decision`.
        """
        return tokens[self.decision] in self.tokens


@dataclass(frozen=True)
class Decision:
    """A decision, which is one position of the token string.

    Attributes:
      name: Unique in the space: `layer3.filters`.
      kind: Decisions of one kind have the same choices and share a softmax head and an embedding of the controller.
        The bits of anchors have the kind `anchor` and the choices `(0, 1)`.
      choices: The choice set, in the order of the tokens.
      when: The decision is active if all of these clauses hold. A clause on an inactive decision does not hold.
    """

    name: str
    kind: str
    choices: tuple[Choice, ...]
    when: tuple[Clause, ...] = ()

    def active(self, tokens: Sequence[int]) -> bool:
        """Whether the decision is taken.

        Args:
          tokens: The tokens of at least the decisions before it.
        """
        return all(clause.holds(tokens) for clause in self.when)

    def to_json(self) -> dict[str, object]:
        """The decision as JSON values: what `dataclasses.asdict` returns, without its copies of every choice."""
        when = tuple({"decision": clause.decision, "tokens": clause.tokens} for clause in self.when)
        return {"name": self.name, "kind": self.kind, "choices": self.choices, "when": when}


@dataclass(frozen=True)
class AnchorPoint:
    """A point that earlier points may feed by skip connections (Zoph & Le 2017, section 3.3).

    For each of its sources j, point i has a binary decision whether j feeds i. Its probability is
    sigmoid(vᵀ tanh(W_prev h_j + W_curr h_i)). The decisions of a point are contiguous and in the order of its sources.

    Attributes:
      name: Name of the value that lists the sources which feed the point: `layer3.skip`.
      label: The name of the point as a source of others: `3`.
      at: Index of its first binary decision. A point without sources has the index of the next decision, or the number
        of decisions if there is none.
      sources: Indices in `Space.anchors` of the points that may feed this one.
    """

    name: str
    label: Choice
    at: int
    sources: tuple[int, ...]

    @property
    def bits(self) -> range:
        """Indices of its binary decisions in `Space.decisions`."""
        return range(self.at, self.at + len(self.sources))
