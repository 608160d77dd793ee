"""Builds a space of plain choices. Each decision has a dotted name and the conditions of the blocks around it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nasctl.dialects.choices.graph_builder import ChoicesGraphBuilder
from nasctl.dialects.choices.syntax import Decide, Fix, Group, If, Item, OneOf
from nasctl.dialects.dialect import MOST_DECISIONS, MOST_LISTED, DecisionList, Parts
from nasctl.dsl.diagnostics import Note, Problems, suggestion
from nasctl.dsl.source import Span
from nasctl.dsl.syntax import ChoiceSet, Compares, Condition, Expression, Range, Statement, Test, Word
from nasctl.dsl.values import Scope, evaluate, expand
from nasctl.space import Choice, Clause, format_value

_RELATIONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

When = tuple[Clause, ...]


class _TooMany(Exception):
    """The space has too many decisions. The error is already reported."""


def build(statements: Sequence[Statement], scope: Scope, problems: Problems) -> Parts:
    """Builds the parts of a space of plain choices."""
    builder = _Builder(scope, problems)
    try:
        builder.items([item for item in statements if isinstance(item, Item)], "", ())
    except _TooMany:
        return Parts((), ChoicesGraphBuilder())
    return Parts(builder.decisions.all(), ChoicesGraphBuilder())


@dataclass
class _Builder:
    """The parts of a space that were read so far."""

    scope: Scope
    problems: Problems
    decisions: DecisionList = field(default_factory=DecisionList)
    written: dict[str, tuple[int, Span]] = field(default_factory=dict)
    groups: dict[str, Span] = field(default_factory=dict)
    listed: int = 0

    def items(self, body: Sequence[Item], prefix: str, when: When) -> None:
        for item in body:
            if isinstance(item, Decide):
                self._decide(item, prefix, when)
            elif isinstance(item, Fix):
                value = evaluate(item.value, self.scope, self.problems, words=True)
                if value is not None and not isinstance(value, tuple):
                    self._add(prefix + item.name.name, item.name.span, (value,), when)
            elif isinstance(item, Group):
                self._group(item, prefix, when)
            elif isinstance(item, OneOf):
                self._one_of(item, prefix, when)
            else:
                clauses = self._clauses(item, prefix, when)
                if clauses is not None:
                    self.items(item.body, prefix, (*when, *clauses))

    def _decide(self, item: Decide, prefix: str, when: When) -> None:
        choices = expand(item.domain, self.scope, self.problems)
        if choices is None:
            return
        if len(choices) == 1:
            name = item.name.name
            self.problems.warn(
                item.domain.span,
                f"`{name}` has one choice, so nothing is decided",
                hint=f"write `{name} = {format_value(choices[0])}`",
            )
        if item.times is None:
            self._add(prefix + item.name.name, item.name.span, choices, when)
            return
        count = self._count(evaluate(item.times, self.scope, self.problems), item.times.span)
        for number in range(1, (count or 0) + 1):
            self._add(f"{prefix}{item.name.name}{number}", item.name.span, choices, when, kind=item.name.name)

    def _group(self, item: Group, prefix: str, when: When) -> None:
        name = prefix + item.name.name
        if name in self.groups:
            note = Note("the first one is here", self.groups[name])
            self.problems.error(item.name.span, f"there are two groups `{name}`", notes=[note])
        self.groups[name] = item.name.span
        if item.times is None:
            self.items(item.body, f"{name}.", when)
        elif not item.times.decided:
            if isinstance(item.times.count, (Range, ChoiceSet)):
                self.problems.error(
                    item.times.count.span, "this is a set of numbers", hint="write `repeat in` before it"
                )
                return
            count = self._count(evaluate(item.times.count, self.scope, self.problems), item.times.span)
            self._repeat(item, name, [(number, when) for number in range(1, (count or 0) + 1)])
        else:
            counts = expand(item.times.count, self.scope, self.problems, words=False) or ()
            if not counts or not all(
                self._count(count, item.times.count.span) is not None for count in counts
            ):
                return
            decision = self._add(f"{name}.repeat", item.name.span, counts, when)
            most = max(int(count) for count in counts)
            self._repeat(
                item,
                name,
                ((number, (*when, *_at_least(decision, counts, number))) for number in range(1, most + 1)),
            )

    def _repeat(self, item: Group, name: str, copies: Iterable[tuple[int, When]]) -> None:
        """Reads the copies of a group. All have the same errors, so only those of the first are reported."""
        for number, when in copies:
            before = len(self.problems.found)
            self.items(item.body, f"{name}{number}.", when)
            if len(self.problems.found) > before:
                return

    def _one_of(self, item: OneOf, prefix: str, when: When) -> None:
        name = prefix + item.name.name
        names: dict[str, Span] = {}
        for alternative in item.alternatives:
            called = alternative.name.name
            if called in names:
                note = Note("the first one is here", names[called])
                self.problems.error(alternative.name.span, f"`{called}` is offered twice", notes=[note])
            names.setdefault(called, alternative.name.span)
        if not names:
            self.problems.error(
                item.span, f"`{name}` has no alternatives", hint=f"{name} one of {{ a b {{ … }} }}"
            )
            return
        decision = self._add(name, item.name.span, tuple(names), when)
        for token, called in enumerate(names):
            alternative = next(one for one in item.alternatives if one.name.name == called)
            self.items(alternative.body, f"{name}.{called}.", (*when, Clause(decision, (token,))))

    def _add(self, name: str, span: Span, choices: Sequence[Choice], when: When, *, kind: str = "") -> int:
        if name in self.written:
            first, at = self.written[name]
            self.problems.error(
                span, f"`{name}` is decided twice", notes=[Note("the first decision is here", at)]
            )
            return first
        if len(self.decisions) >= MOST_DECISIONS:
            self.problems.error(span, f"this space has more than {MOST_DECISIONS:,} decisions")
            raise _TooMany
        self.listed += len(choices) + sum(len(clause.tokens) for clause in when)
        if self.listed > MOST_LISTED:
            self.problems.error(
                span,
                f"the decisions and conditions of this space list more than {MOST_LISTED:,} choices",
                hint="use fewer repetitions, or decisions with fewer choices",
            )
            raise _TooMany
        index = self.decisions.add(name, choices, kind=kind, when=when)
        self.written[name] = (index, span)
        return index

    def _count(self, value: Choice | tuple[Choice, ...] | None, span: Span) -> int | None:
        if value is None:
            return None
        if not isinstance(value, int) or not 1 <= value <= MOST_DECISIONS:
            self.problems.error(span, f"a number of repetitions is from 1 to {MOST_DECISIONS:,}, not {value}")
            return None
        return value

    def _clauses(self, item: If, prefix: str, when: When) -> When | None:
        """The clauses of a condition, or None after an error."""
        clauses = [self._clause(test, prefix, when, item.condition) for test in item.condition.tests]
        known = tuple(clause for clause in clauses if clause is not None)
        if len(known) < len(clauses):
            return None
        allowed: dict[int, set[int]] = {}
        for clause, test in zip(known, item.condition.tests, strict=True):
            tokens = allowed.setdefault(clause.decision, set(clause.tokens))
            tokens &= set(clause.tokens)
            if not tokens:
                self.problems.warn(
                    test.span,
                    "this can never hold together with the tests before it, so nothing inside is ever decided",
                )
                break
        return known

    def _clause(self, test: Test, prefix: str, when: When, condition: Condition) -> Clause | None:
        index = self._find(test.name, prefix)
        if index is None:
            return None
        choices = self.decisions[index].choices
        holds = self._predicate(test, choices)
        if holds is None:
            return None
        tokens = tuple(token for token, choice in enumerate(choices) if holds(choice))
        earlier = [clause for clause in when if clause.decision == index]
        possible = [token for token in tokens if all(token in clause.tokens for clause in earlier)]
        if not possible:
            self.problems.error(
                test.span,
                "this condition can never hold, so nothing inside it is ever decided",
                hint=f"`{test.name.name}` is one of {', '.join(map(format_value, choices))}",
            )
            return None
        if len(tokens) == len(choices):
            self.problems.warn(test.span, f"this holds whenever `{test.name.name}` is decided")
        return Clause(index, tokens)

    def _find(self, name: Word, prefix: str) -> int | None:
        """The decision that a name refers to. Searches the enclosing groups from the innermost to the outermost."""
        groups = prefix.split(".")[:-1]
        for depth in range(len(groups), -1, -1):
            full = ".".join([*groups[:depth], name.name])
            if full in self.written:
                return self.written[full][0]
        self.problems.error(
            name.span,
            f"no decision `{name.name}` comes before this",
            hint=suggestion(name.name, self.written),
        )
        return None

    def _predicate(self, test: Test, choices: Sequence[Choice]) -> Callable[[Choice], bool] | None:
        if not isinstance(test, Compares):
            wanted = expand(test.domain, self.scope, self.problems)
            if wanted is None or not self._known(test, wanted, choices):
                return None
            return lambda choice: choice in wanted
        value = evaluate(test.value, self.scope, self.problems, words=True)
        if value is None or isinstance(value, tuple):
            return None
        if test.relation.name in ("==", "!="):
            if not self._known(test, (value,), choices):
                return None
        elif isinstance(value, str) or any(isinstance(choice, str) for choice in choices):
            self.problems.error(
                test.span,
                f"`{test.relation.name}` compares numbers",
                hint="words are compared by `==`, `!=` and `in`",
            )
            return None
        compare = _RELATIONS[test.relation.name]
        return lambda choice: compare(choice, value)

    def _known(self, test: Test, wanted: Sequence[Choice], choices: Sequence[Choice]) -> bool:
        for value in wanted:
            if value not in choices:
                at: Expression | Any = test.value if isinstance(test, Compares) else test.domain
                if isinstance(at, ChoiceSet) and len(at.elements) == len(wanted):
                    at = at.elements[list(wanted).index(value)]
                self.problems.error(
                    at.span,
                    f"`{test.name.name}` is never {format_value(value)}",
                    hint=suggestion(format_value(value), map(format_value, choices)),
                )
                return False
        return True


def _at_least(decision: int, counts: Sequence[Choice], number: int) -> When:
    """The clause that a decided number of repetitions is at least `number`; none if it always is."""
    tokens = tuple(token for token, count in enumerate(counts) if int(count) >= number)
    return (Clause(decision, tokens),) if len(tokens) < len(counts) else ()
