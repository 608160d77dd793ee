"""Reads the values of properties: constants, choice sets for the search to decide, and pairs of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from nasctl.dialects.cnn.steps import Operand, Ref
from nasctl.dialects.cnn.syntax import Decided, Fixed, Pair
from nasctl.dialects.cnn.template import LocalDecision, When
from nasctl.dsl.diagnostics import Problems
from nasctl.dsl.syntax import ChoiceSet, Domain, Expression, Range, Word
from nasctl.dsl.values import Scope, evaluate, expand
from nasctl.graph import Property
from nasctl.space import Choice, format_value


@dataclass(frozen=True)
class Context:
    """The context of an item in the body of a layer.

    Attributes:
      scope: The names of values.
      bindings: The parameters of the enclosing block whose values are decisions.
      when: The clauses under which the item is part of the layer.
      blocks: Names of the enclosing blocks, the outermost first.
    """

    scope: Scope
    bindings: Mapping[str, Operand] = field(default_factory=dict)
    when: When = ()
    blocks: tuple[str, ...] = ()


class PropertyReader:
    """Reads the properties of one layer and collects its decisions.

    Args:
      problems: Collects the errors.
    """

    def __init__(self, problems: Problems) -> None:
        self.decisions: list[LocalDecision] = []
        self._problems = problems

    def decide(self, short: str, long: str, choices: tuple[Choice, ...], context: Context) -> Ref:
        """Adds a decision.

        Returns:
          A reference with its index, which `make_template` replaces by its name.
        """
        self.decisions.append(LocalDecision(short, long, choices, context.when))
        return Ref(str(len(self.decisions) - 1))

    def read(
        self, written: Fixed | Decided | Pair, owner: str, known: Property, context: Context
    ) -> Operand | None:
        """The value of a property, or None after an error.

        Args:
          written: The property in the syntax tree.
          owner: Label of the layer type, for the long name of a decision.
          known: The range of the property.
          context: The context of the property.
        """
        name = written.name.name
        if isinstance(written, Pair):
            return self._pair(written, owner, known, context)
        if isinstance(written, Decided):
            choices = self.choices(name, written.domain, known, context)
            return self.decide(name, f"{owner}.{name}", choices, context) if choices else None
        return self.constant(name, written.value, known, context)

    def constant(self, name: str, value: Domain, known: Property, context: Context) -> Operand | None:
        """A value that is fixed, or refers to an earlier decision; None after an error."""
        if isinstance(value, (Range, ChoiceSet)):
            self._problems.error(
                value.span, f"`{name}` is given several values", hint="write `in` before a set or a range"
            )
            return None
        if isinstance(value, Word) and value.name in context.bindings:
            return self._bound(name, value, known, context.bindings[value.name])
        meaning = evaluate(value, context.scope, self._problems)
        if meaning is None or isinstance(meaning, tuple):
            return None
        refused = known.refuses(meaning)
        if refused:
            self._problems.error(value.span, f"`{name}` {refused}")
            return None
        return meaning

    def choices(
        self, name: str, domain: Domain, known: Property, context: Context
    ) -> tuple[Choice, ...] | None:
        """The choices of a decision, or None after an error."""
        choices = expand(domain, context.scope, self._problems, words=False)
        if choices is None:
            return None
        elements: Sequence[Expression | Range] = domain.elements if isinstance(domain, ChoiceSet) else ()
        for index, choice in enumerate(choices):
            refused = known.refuses(choice)
            if refused:
                span = elements[index].span if len(elements) == len(choices) else domain.span
                self._problems.error(span, f"`{name}` {refused}")
                return None
        if len(choices) == 1:
            self._problems.warn(
                domain.span,
                f"`{name}` has one choice, so nothing is decided",
                hint=f"write `{name} {format_value(choices[0])}`",
            )
        return choices

    def _pair(self, written: Pair, owner: str, known: Property, context: Context) -> Operand | None:
        name = written.name.name
        if not known.pair:
            self._problems.error(
                written.span, f"`{name}` is one value", hint=f"write `{name} 3` or `{name} in {{…}}`"
            )
            return None
        parts: dict[str, Operand | None] = {}
        for part in written.parts:
            if part.name.name not in ("height", "width"):
                self._problems.error(
                    part.name.span,
                    f"`{name}` has no part `{part.name.name}`",
                    hint="its parts are `height` and `width`",
                )
                return None
            inner = replace(part, name=replace(part.name, name=f"{name}_{part.name.name}"))
            if part.name.name in parts:
                self._problems.error(part.name.span, f"`{part.name.name}` is given twice")
            parts[part.name.name] = self.read(inner, owner, known, context)
        if len(parts) < 2:
            absent = "width" if "height" in parts else "height"
            self._problems.error(written.span, f"`{name}` lacks its {absent}")
            return None
        height, width = parts["height"], parts["width"]
        return None if height is None or width is None else (height, width)

    def _bound(self, name: str, value: Word, known: Property, operand: Operand) -> Operand:
        """The decision to which a parameter refers. Each of its choices must be a valid value of the property."""
        if isinstance(operand, Ref):
            for choice in self.decisions[int(operand.decision)].choices:
                if refused := known.refuses(choice):
                    self._problems.error(
                        value.span, f"`{name}` {refused}", hint=f"`{value.name}` can be {choice}"
                    )
                    break
        return operand
