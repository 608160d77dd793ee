"""One decision of a search space, the condition under which it is taken, and the points that anchors connect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Choice = int | float | str
"""One element of a choice set."""

Value = Choice | tuple[Choice, ...]
"""What a named decision was decided to be: a choice, or for an anchor the labels of its sources."""

Tokens = tuple[int, ...]
"""A token string: for each decision the index of its choice, or `INACTIVE`."""

INACTIVE = -1
"""The token of a decision that was not taken because its condition does not hold."""


@dataclass(frozen=True)
class Clause:
    """Holds when an earlier decision took one of some choices.

    Attributes:
      decision: Index of the earlier decision in `Space.decisions`.
      tokens: The choices of it, as sorted indices, for which the clause holds.
    """

    decision: int
    tokens: tuple[int, ...]

    def holds(self, tokens: Sequence[int]) -> bool:
        """Whether it holds for a token string (or a prefix that reaches past `decision`)."""
        return tokens[self.decision] in self.tokens


@dataclass(frozen=True)
class Decision:
    """One position of the token string.

    Attributes:
      name: Unique in the space, dotted: `layer3.filters`.
      kind: Decisions of one kind have equal choices; the controller shares a softmax head and an embedding
        among them. The bits of anchors have the kind `anchor` and the choices `(0, 1)`.
      choices: The choice set, in the order of the tokens.
      when: The decision is active when all of these clauses hold; a clause on an inactive decision never does.
    """

    name: str
    kind: str
    choices: tuple[Choice, ...]
    when: tuple[Clause, ...] = ()

    def active(self, tokens: Sequence[int]) -> bool:
        """Whether the decision is taken, given the tokens of the decisions before it."""
        return all(clause.holds(tokens) for clause in self.when)


@dataclass(frozen=True)
class AnchorPoint:
    """A place in the token string that earlier such places may be connected to (paper, section 3.3).

    Point number i asks, for each of its sources j < i, "does j feed i?": one binary decision each, with
    probability sigmoid(vᵀ tanh(W_prev h_j + W_curr h_i)). These decisions are contiguous, sources in order.

    Attributes:
      name: Name of the set of sources in an architecture's values: `layer3.skip`.
      label: How the point is called when it is a source of another: `3`.
      at: Index of its first binary decision; for a point without sources, of the decision that it comes before
        (the number of decisions if it comes last).
      sources: Numbers of the points (indices into `Space.anchors`) that may feed this one.
    """

    name: str
    label: Choice
    at: int
    sources: tuple[int, ...]

    @property
    def bits(self) -> range:
        """Indices of its binary decisions in `Space.decisions`."""
        return range(self.at, self.at + len(self.sources))
