"""Reads how many layers a network has: a fixed number, a decided one, or a depth schedule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nasctl.dialects.cnn.syntax import Layer, Layers, Times
from nasctl.dialects.dialect import DecisionList
from nasctl.dsl.diagnostics import Note, Problems
from nasctl.dsl.source import Span
from nasctl.dsl.syntax import ChoiceSet, Domain, Range
from nasctl.dsl.values import Scope, evaluate, expand
from nasctl.space import Choice, Clause, Schedule

MOST_LAYERS = 1_000
"""Largest number of layers of one statement."""


@dataclass(frozen=True)
class LayerCount:
    """A number of layers.

    Attributes:
      most: The largest number.
      decision: Index of the decision on the number, if it is decided.
      choices: The choices of that decision.
    """

    most: int
    decision: int | None = None
    choices: tuple[int, ...] = ()

    def clauses(self, number: int) -> tuple[Clause, ...]:
        """The clauses under which a network has the layer with the given number."""
        tokens = tuple(token for token, count in enumerate(self.choices) if count >= number)
        if self.decision is None or len(tokens) == len(self.choices):
            return ()
        return (Clause(self.decision, tokens),)


class CountReader:
    """Reads numbers of layers.

    Args:
      scope: The names that `let` defines.
      problems: Collects the errors.
      decisions: Collects the decisions on numbers of layers.

    Attributes:
      schedule: The depth schedule, after it has been read.
    """

    def __init__(self, scope: Scope, problems: Problems, decisions: DecisionList) -> None:
        self.schedule: Schedule | None = None
        self._scope = scope
        self._problems = problems
        self._decisions = decisions

    def layers(self, given: Sequence[Layers], layers: Sequence[Layer]) -> LayerCount | None:
        """The number of layers without a name, or None if it is missing or invalid."""
        problems = self._problems
        unnamed = [layer for layer in layers if layer.name is None]
        for layer in unnamed[1:]:
            problems.error(
                layer.span,
                "there are two layers without a name",
                hint="name the parts of the network: layer stem { … } layer stage repeat 3 { … }",
                notes=[Note("the first one is here", unnamed[0].span)],
            )
        for item in given[1:]:
            problems.error(
                item.span, "`layers` is given twice", notes=[Note("the first one is here", given[0].span)]
            )
        for layer in unnamed:
            if layer.times is not None:
                problems.error(
                    layer.times.span,
                    "the number of layers without a name is given by `layers`",
                    hint="for example `layers 6`",
                )
        if not given:
            if unnamed and not problems.has_syntax_error(unnamed[0].span.source.whole):
                problems.error(
                    unnamed[0].span,
                    "the number of layers is missing",
                    hint="write `layers 6` before it",
                )
            return None
        if not unnamed:
            problems.error(given[0].span, "`layers` counts the layer without a name, but there is none")
        item = given[0]
        if item.how == "fixed":
            return self._fixed(item.count, item.span)
        choices = self._choices(item.count)
        if item.how == "decided":
            if choices is None:
                return None
            return LayerCount(max(choices), self._decisions.add("layers", choices), choices)
        assert item.every is not None
        every = evaluate(item.every, self._scope, problems)
        if every is not None and (not isinstance(every, int) or every < 1):
            problems.error(item.every.span, "expected a whole number of samples, 1 or more, after `every`")
            every = None
        if choices is None or not isinstance(every, int):
            return None
        if list(choices) != sorted(choices):
            problems.error(
                item.count.span,
                "the depths of a schedule must increase",
                hint=f"in order they are {sorted(choices)}",
            )
        index = self._decisions.add("layers", choices)
        self.schedule = Schedule(index, every)
        return LayerCount(max(choices), index, choices)

    def _fixed(self, count: Domain, span: Span) -> LayerCount | None:
        if isinstance(count, (Range, ChoiceSet)):
            self._problems.error(
                count.span,
                "this is more than one number of layers: is it a decision or a schedule?",
                hint=f"`layers in {count.span.text}`, or `layers {count.span.text} every 1600 samples`",
            )
            return None
        number = evaluate(count, self._scope, self._problems)
        return LayerCount(number) if self._is_count(number, count.span) and isinstance(number, int) else None

    def _choices(self, domain: Domain) -> tuple[int, ...] | None:
        choices = expand(domain, self._scope, self._problems, words=False)
        if choices is None or not all(self._is_count(choice, domain.span) for choice in choices):
            return None
        if len(choices) == 1:
            self._problems.warn(
                domain.span, "there is one choice, so nothing is decided", hint=f"write `layers {choices[0]}`"
            )
        return tuple(int(choice) for choice in choices)

    def _is_count(self, value: Choice | tuple[Choice, ...] | None, span: Span) -> bool:
        if value is None:
            return False
        if not isinstance(value, int) or not 1 <= value <= MOST_LAYERS:
            self._problems.error(span, f"a number of layers is from 1 to {MOST_LAYERS:,}, not {value}")
            return False
        return True

    def times(self, name: str, times: Times) -> LayerCount | None:
        """The number of layers of a repeated layer with a name, or None after an error."""
        if not times.decided:
            return self._fixed(times.count, times.span)
        choices = self._choices(times.count)
        if choices is None:
            return None
        return LayerCount(max(choices), self._decisions.add(f"{name}.repeat", choices), choices)
