"""A search space: its decisions, and how token strings are checked, read and decoded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nasctl.decoder import decode
from nasctl.errors import NasctlError
from nasctl.files.json_text import canonical_json
from nasctl.space.decision import INACTIVE, AnchorPoint, Choice, Decision, Tokens, Value
from nasctl.space.graph_builder import BuildsTrees, GraphBuilder
from nasctl.space.size import SizeBounds, count_strings

if TYPE_CHECKING:
    from nasctl.graph.tree_cell import TreeOps


@dataclass(frozen=True)
class Schedule:
    """Fixes one decision by the number of the trial, from its first choice to its last (Zoph & Le 2017, section 4.1).

    Attributes:
      decision: Index of the decision.
      every: Number of trials for each choice.
    """

    decision: int
    every: int


@dataclass(frozen=True)
class Constraint:
    """A bound that all evaluated architectures satisfy: `params <= 5M`.

    Attributes:
      measure: The bounded measure: a static cost (`params`, `flops`, `activation_bytes`, `depth`), or one that the
        evaluator reports.
      relation: One of `<=`, `<`, `>=`, `>`, `==`.
      bound: The right-hand side.
    """

    measure: str
    relation: str
    bound: float

    def holds(self, value: float) -> bool:
        """Whether a value of the measure satisfies the bound."""
        return {
            "<=": value <= self.bound,
            "<": value < self.bound,
            ">=": value >= self.bound,
            ">": value > self.bound,
            "==": value == self.bound,
        }[self.relation]

    def __str__(self) -> str:
        return f"{self.measure} {self.relation} {self.bound:,.15g}"


@dataclass(frozen=True)
class Space:
    """A search space.

    Attributes:
      name: Name of its file without the suffix.
      dialect: Name of its dialect.
      decisions: The decisions in the order of the tokens. Conditions refer to earlier decisions.
      graph_builder: Builds the networks.
      anchors: The points that skip connections connect, in order.
      schedule: The depth schedule, if there is one.
      constraints: The bounds that evaluated architectures satisfy.
      defaults: The settings of the file, by section (`search`, `controller`, `training`) and key.
      source: The text of the file with its includes resolved. It is not part of the hash.
    """

    name: str
    dialect: str
    decisions: tuple[Decision, ...]
    graph_builder: GraphBuilder
    anchors: tuple[AnchorPoint, ...] = ()
    schedule: Schedule | None = None
    constraints: tuple[Constraint, ...] = ()
    defaults: Mapping[str, Mapping[str, Choice]] = field(default_factory=dict)
    source: str = ""

    @cached_property
    def size(self) -> int:
        """Number of token strings. Constraints are ignored, and a depth schedule counts as a decision.

        If conditions depend on each other so much that counting takes too long, it is a lower bound (`size_bounds`).
        """
        return self.size_bounds.low

    @cached_property
    def size_bounds(self) -> SizeBounds:
        """Bounds of `size`. They are equal if the number is exact."""
        return count_strings(self.decisions)

    @cached_property
    def hash(self) -> str:
        """Hash of everything that sampling and decoding depend on: 64 hexadecimal digits.

        The name, the settings and the text of the file are not part of it.
        """
        content = {key: value for key, value in self.to_json().items() if key not in ("name", "defaults")}
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()

    @cached_property
    def tree_ops(self) -> TreeOps | None:
        """The ops of its tree cells if its networks differ in these cells only, else None.

        Such networks can share one compiled program (`nasctl.lowering.dynamic_tree_cell`).
        """
        builder = self.graph_builder
        return builder.tree_ops(self.decisions) if isinstance(builder, BuildsTrees) else None

    def to_json(self) -> dict[str, object]:
        """The space without its text, as JSON values. `nasctl.dialects.space_from_json` is the inverse."""
        return {
            "name": self.name,
            "dialect": self.dialect,
            "decisions": [decision.to_json() for decision in self.decisions],
            "anchors": [asdict(point) for point in self.anchors],
            "schedule": asdict(self.schedule) if self.schedule else None,
            "constraints": [asdict(constraint) for constraint in self.constraints],
            "defaults": {section: dict(keys) for section, keys in self.defaults.items()},
            "program": self.graph_builder.to_json(),  # the key is part of all hashes, so it cannot be renamed
        }

    def forced(self, trial: int) -> dict[int, int]:
        """The tokens that the depth schedule fixes, by the index of their decision.

        Args:
          trial: Number of the trial, starting from 0.
        """
        if self.schedule is None:
            return {}
        last = len(self.decisions[self.schedule.decision].choices) - 1
        return {self.schedule.decision: min(trial // self.schedule.every, last)}

    def validate(self, tokens: Sequence[int]) -> Tokens:
        """Checks a token string.

        Returns:
          The token string as a tuple.

        Raises:
          NasctlError: The length is wrong, a token is out of range, or an inactive decision has a token.
        """
        if len(tokens) != len(self.decisions):
            raise NasctlError(
                f"space {self.name} takes {len(self.decisions)} tokens, but {len(tokens)} were given"
            )
        for decision, token in zip(self.decisions, tokens, strict=True):
            if not decision.active(tokens):
                if token != INACTIVE:
                    raise NasctlError(
                        f"{decision.name} is not decided in this architecture, so its token must be {INACTIVE}, "
                        f"not {token}"
                    )
            elif not 0 <= token < len(decision.choices):
                raise NasctlError(
                    f"{decision.name} has {len(decision.choices)} choices, so its token must be "
                    f"0 to {len(decision.choices) - 1}, not {token}"
                )
        return tuple(int(token) for token in tokens)

    def values(self, tokens: Sequence[int]) -> dict[str, Value]:
        """The values of a valid token string by name, in the order of the decisions.

        Only active decisions have a value. The bits of an anchor point together have one, under the name of the point:
        the labels of the points that feed it.
        """
        point_of_bit = {bit: point for point in self.anchors for bit in point.bits}
        values: dict[str, Value] = {}
        for index, (decision, token) in enumerate(zip(self.decisions, tokens, strict=True)):
            point = point_of_bit.get(index)
            if token == INACTIVE:
                continue
            if point is None:
                values[decision.name] = decision.choices[token]
            elif point.name not in values:
                values[point.name] = tuple(
                    self.anchors[source].label
                    for source, bit in zip(point.sources, point.bits, strict=True)
                    if tokens[bit] == 1
                )
        return values

    def tokens(self, values: Mapping[str, Value]) -> Tokens:
        """The token string for the given values: the inverse of `values`.

        Raises:
          NasctlError: A value is missing, unknown, or not among the choices.
        """
        remaining = dict(values)
        point_of_bit = {
            bit: (point, source)
            for point in self.anchors
            for bit, source in zip(point.bits, point.sources, strict=True)
        }
        tokens: list[int] = []
        for index, decision in enumerate(self.decisions):
            if not decision.active(tokens):
                tokens.append(INACTIVE)
                continue
            if index in point_of_bit:
                point, source = point_of_bit[index]
                feeding = remaining.get(point.name, values.get(point.name, ()))
                labels = feeding if isinstance(feeding, tuple) else (feeding,)
                tokens.append(int(self.anchors[source].label in labels))
                if point.name in remaining:
                    self._check_labels(point, labels)
                    del remaining[point.name]
                continue
            if decision.name not in remaining:
                raise NasctlError(f"a value for {decision.name} is missing")
            value = remaining.pop(decision.name)
            if isinstance(value, bool) or value not in decision.choices:
                raise NasctlError(
                    f"{decision.name} cannot be {value}", hint=f"it is one of {_join(decision.choices)}"
                )
            tokens.append(decision.choices.index(value))
        if remaining:
            raise NasctlError(f"{_join(remaining)} is not decided in this architecture of space {self.name}")
        return tuple(tokens)

    def _check_labels(self, point: AnchorPoint, labels: tuple[Choice, ...]) -> None:
        known = [self.anchors[source].label for source in point.sources]
        for label in labels:
            if label not in known:
                raise NasctlError(
                    f"{point.name} cannot come from {label}", hint=f"its sources are {_join(known)}"
                )

    def decode(self, tokens: Sequence[int]) -> Any:
        """The `nasctl.Architecture` that a token string stands for: short for `Architecture.decode(space, tokens)`.

        Args:
          tokens: For each decision the index of its choice, or -1 where it is not decided.

        Raises:
          NasctlError: The token string is not valid in the space.
        """
        return decode(self, tokens)


def _join(items: Iterable[object]) -> str:
    return ", ".join(str(item) for item in items)
