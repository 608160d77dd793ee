"""Turns the body of a layer into a template: steps and the decisions that they ask for, named within the layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from nasctl.dialects.cnn.graph_builder import Again, Apply, Choose, Operand, Ref, Step
from nasctl.dialects.cnn.syntax import Block, Decided, Given, Item, OneOf, Pair, Repeat, Skip, Times, Use
from nasctl.dialects.cnn.types import LayerType, Property, layer_type, layer_type_names
from nasctl.dsl.diagnostics import Note, Problems, suggestion
from nasctl.dsl.source import Span
from nasctl.dsl.syntax import ChoiceSet, Domain, Expression, Range, Word
from nasctl.dsl.values import Scope, evaluate, expand
from nasctl.space import Choice

MOST_REPETITIONS = 100
"""Repetitions inside one layer."""


_ANY = Property(low=-1e30, high=1e30, whole=False, pair=True)
"""A property of an op that another package brings, and a parameter of a block: what it means shows where it is used."""


@dataclass(frozen=True)
class LocalDecision:
    """A decision of a template.

    Attributes:
      short: Its name when no other decision of the layer has it: `filters`.
      long: Its name otherwise: `conv2.filters`.
      choices: The choice set.
      when: Pairs of a local decision's index and the tokens of it under which this one is taken.
    """

    short: str
    long: str
    choices: tuple[Choice, ...]
    when: tuple[tuple[int, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Template:
    """What a layer consists of.

    Attributes:
      steps: What is written, with `Ref`s to the decisions' names.
      decisions: In order.
      names: The decisions' names within the layer.
      skip: Where it says `skip anchors`, if it does.
    """

    steps: tuple[Step, ...] = ()
    decisions: tuple[LocalDecision, ...] = ()
    names: tuple[str, ...] = ()
    skip: Skip | None = None


@dataclass
class TemplateWriter:
    """Writes templates of one file.

    Attributes:
      blocks: The file's blocks, by name.
      scope: What `let` named.
      problems: Where errors go.
      used: Names of blocks that were used.
    """

    blocks: Mapping[str, Block]
    scope: Scope
    problems: Problems
    used: set[str] = field(default_factory=set)

    def write(self, body: Sequence[Item]) -> Template:
        """The template of a body."""
        writing = _Writing(self)
        steps = writing.items(body, self.scope, {}, (), ())
        counts = Counter(decision.short for decision in writing.decisions)
        names = tuple(item.short if counts[item.short] == 1 else item.long for item in writing.decisions)
        named = tuple(_rename(step, names) for step in steps)
        return Template(named, tuple(writing.decisions), names, writing.skip)


Bindings = Mapping[str, Operand]
"""What the parameters of a block stand for, where that is a decision."""

When = tuple[tuple[int, tuple[int, ...]], ...]


@dataclass
class _Writing:
    """One template in the making. Until its names are settled, a `Ref` holds the number of its decision."""

    file: TemplateWriter
    decisions: list[LocalDecision] = field(default_factory=list)
    labels: Counter[str] = field(default_factory=Counter)
    skip: Skip | None = None

    def items(
        self, body: Sequence[Item], scope: Scope, bindings: Bindings, when: When, inside: tuple[str, ...]
    ) -> tuple[Step, ...]:
        steps: list[Step] = []
        for item in body:
            if isinstance(item, Use):
                steps.extend(self.use(item, scope, bindings, when, inside))
            elif isinstance(item, OneOf):
                steps.append(self.one_of(item, scope, bindings, when, inside))
            elif isinstance(item, Repeat):
                count = self.times(item.times, scope, bindings, when)
                name = self._label("repeat")
                steps.append(
                    Again(name, count, item.dense, self.items(item.body, scope, bindings, when, inside))
                )
            else:
                self._note_skip(item, when, inside)
        return tuple(steps)

    def _note_skip(self, item: Skip, when: When, inside: tuple[str, ...]) -> None:
        if self.skip is not None:
            self.file.problems.error(
                item.span, "a layer has one anchor", notes=[Note("the first one is here", self.skip.span)]
            )
        elif when or inside:
            self.file.problems.error(
                item.span,
                "`skip anchors` belongs to the layer as a whole",
                hint="move it out, directly into `layer { … }`",
            )
        self.skip = item

    def one_of(
        self, item: OneOf, scope: Scope, bindings: Bindings, when: When, inside: tuple[str, ...]
    ) -> Choose:
        names: dict[str, Span] = {}
        for use in item.alternatives:
            if use.name.name in names:
                self.file.problems.error(
                    use.name.span,
                    f"`{use.name.name}` is offered twice",
                    hint="give each its own `block NAME { … }`, so that they have different names",
                    notes=[Note("the first one is here", names[use.name.name])],
                )
            names.setdefault(use.name.name, use.name.span)
        if not names:
            self.file.problems.error(
                item.span, "`one of` offers nothing", hint="one of { conv { … } max_pool { … } }"
            )
        if len(item.alternatives) == 1:
            self.file.problems.warn(item.span, "`one of` offers one type, so nothing is decided")
        label = self._label("type")
        decision = self._decide("type", label, tuple(names), when)
        alternatives = []
        for token, use in enumerate(item.alternatives):
            taken = (*when, (decision, (token,)))
            alternatives.append((use.name.name, tuple(self.use(use, scope, bindings, taken, inside))))
        return Choose(str(decision), tuple(alternatives))

    def times(self, times: Times, scope: Scope, bindings: Bindings, when: When) -> Operand:
        limit = Property(high=MOST_REPETITIONS)
        if times.decided:
            choices = self._choices(times.count, scope, limit, "repeat")
            return Ref(str(self._decide("repeat", self._label("repeat"), choices, when))) if choices else 1
        return self._constant("repeat", times.count, limit, scope, bindings) or 1

    def use(
        self, item: Use, scope: Scope, bindings: Bindings, when: When, inside: tuple[str, ...]
    ) -> Sequence[Step]:
        name = item.name.name
        if name in self.file.blocks:
            return self._block(item, self.file.blocks[name], scope, bindings, when, inside)
        kind = layer_type(name)
        if kind is None:
            known = [*layer_type_names(), *self.file.blocks]
            self.file.problems.error(
                item.name.span, f"there is no layer type or block `{name}`", hint=suggestion(name, known)
            )
            return ()
        label = self._label(name)
        given: dict[str, Operand | None] = {}
        for written in item.properties:
            called = written.name.name
            known_property = kind.properties.get(called) or (_ANY if kind.any_property else None)
            if known_property is None:
                hint = (
                    suggestion(called, kind.properties) if kind.properties else f"`{name}` has no properties"
                )
                self.file.problems.error(written.name.span, f"{name} has no property `{called}`", hint=hint)
            elif called in given:
                self.file.problems.error(written.name.span, f"`{called}` is given twice")
            else:
                given[called] = self._property(written, label, known_property, scope, bindings, when)
        operands = self._complete(item, kind, given)
        return () if operands is None else (Apply(kind.op, label, kind.attributes(operands)),)

    def _complete(
        self, item: Use, kind: LayerType, given: Mapping[str, Operand | None]
    ) -> Mapping[str, Operand] | None:
        """The operands, when all that must be given is."""
        missing = [
            name for name, known in kind.properties.items() if known.default is None and name not in given
        ]
        if "size" in kind.properties:
            both = [name for name in ("height", "width") if name in given]
            if "size" in given and both:
                span = next(written.name.span for written in item.properties if written.name.name == both[0])
                self.file.problems.error(
                    span,
                    f"{item.name.name} has a size and a {both[0]}",
                    hint="give `size`, or `height` and `width`",
                )
                return None
            missing = [
                name
                for name in missing
                if not (name in ("height", "width") and "size" in given) and not (name == "size" and both)
            ]
            if {"size", "height", "width"} <= set(missing):
                missing = ["size", *(name for name in missing if name not in ("size", "height", "width"))]
        if missing and (len(given) < len(item.properties) or self.file.problems.unread_in(item.span)):
            return None  # one was misspelt, and that was reported
        if missing:
            listed = " and ".join(f"`{name}`" for name in missing)
            hint = "for example `size 3` or `size in {1, 3, 5}`" if missing == ["size"] else ""
            self.file.problems.error(item.name.span, f"{item.name.name} needs {listed}", hint=hint)
            return None
        return (
            {name: operand for name, operand in given.items() if operand is not None}
            if None not in given.values()
            else None
        )

    def _property(
        self,
        written: Given | Decided | Pair,
        label: str,
        known: Property,
        scope: Scope,
        bindings: Bindings,
        when: When,
    ) -> Operand | None:
        name = written.name.name
        if isinstance(written, Pair):
            return self._pair(written, label, known, scope, bindings, when)
        if isinstance(written, Decided):
            choices = self._choices(written.domain, scope, known, name)
            return Ref(str(self._decide(name, f"{label}.{name}", choices, when))) if choices else None
        return self._constant(name, written.value, known, scope, bindings)

    def _pair(
        self, written: Pair, label: str, known: Property, scope: Scope, bindings: Bindings, when: When
    ) -> Operand | None:
        name = written.name.name
        if not known.pair:
            self.file.problems.error(
                written.span, f"`{name}` is one value", hint=f"write `{name} 3` or `{name} in {{…}}`"
            )
            return None
        parts: dict[str, Operand | None] = {}
        for part in written.parts:
            if part.name.name not in ("height", "width"):
                self.file.problems.error(
                    part.name.span,
                    f"`{name}` has no part `{part.name.name}`",
                    hint="its parts are `height` and `width`",
                )
                return None
            inner = replace(part, name=replace(part.name, name=f"{name}_{part.name.name}"))
            if part.name.name in parts:
                self.file.problems.error(part.name.span, f"`{part.name.name}` is given twice")
            parts[part.name.name] = self._property(inner, label, known, scope, bindings, when)
        if len(parts) < 2:
            absent = "width" if "height" in parts else "height"
            self.file.problems.error(written.span, f"`{name}` lacks its {absent}")
            return None
        height, width = parts["height"], parts["width"]
        return None if height is None or width is None else (height, width)

    def _block(
        self, item: Use, block: Block, scope: Scope, bindings: Bindings, when: When, inside: tuple[str, ...]
    ) -> Sequence[Step]:
        problems = self.file.problems
        name = item.name.name
        self.file.used.add(name)
        if name in inside:
            problems.error(
                item.name.span, f"the block `{name}` uses itself", hint=" → ".join([*inside, name])
            )
            return ()
        if len(inside) > 20:
            problems.error(item.name.span, "blocks are used inside each other more than 20 deep")
            return ()
        label = self._label(name)
        values: dict[str, Choice | tuple[Choice, ...]] = {}
        bound: dict[str, Operand] = {}
        parameters = {parameter.name.name: parameter for parameter in block.parameters}
        for written in item.properties:
            called = written.name.name
            if called not in parameters:
                hint = suggestion(called, parameters) if parameters else f"`{name}` has no parameters"
                problems.error(
                    written.name.span, f"the block `{name}` has no parameter `{called}`", hint=hint
                )
            elif isinstance(written, Pair):
                problems.error(written.span, f"the parameter `{called}` is one value")
            elif (
                isinstance(written, Given)
                and isinstance(written.value, Word)
                and written.value.name in bindings
            ):
                bound[called] = bindings[written.value.name]
            elif isinstance(written, Given):
                meaning = evaluate(written.value, scope, problems, sets=True)
                values[called] = () if meaning is None else meaning
            else:
                choices = self._choices(written.domain, scope, _ANY, called)
                if choices:
                    bound[called] = Ref(str(self._decide(called, f"{label}.{called}", choices, when)))
                else:
                    values[called] = ()
        misspelt = any(written.name.name not in parameters for written in item.properties)
        for called, parameter in parameters.items():
            if called in values or called in bound:
                continue
            if parameter.default is None and misspelt:
                values[called] = ()
            elif parameter.default is None:
                problems.error(
                    item.name.span, f"the block `{name}` needs `{called}`", hint=f"{name} {{ {called} … }}"
                )
                values[called] = ()
            elif isinstance(parameter.default, (Range, ChoiceSet)):
                values[called] = expand(parameter.default, self.file.scope, problems) or ()
            else:
                meaning = evaluate(parameter.default, self.file.scope, problems, sets=True)
                values[called] = () if meaning is None else meaning
        return self.items(block.body, Scope(values, outer=self.file.scope), bound, when, (*inside, name))

    def _constant(
        self, name: str, value: Domain, known: Property, scope: Scope, bindings: Bindings
    ) -> Operand | None:
        if isinstance(value, (Range, ChoiceSet)):
            self.file.problems.error(
                value.span, f"`{name}` is given several values", hint="write `in` before a set or a range"
            )
            return None
        if isinstance(value, Word) and value.name in bindings:
            return self._bound(name, value, known, bindings[value.name])
        meaning = evaluate(value, scope, self.file.problems)
        if meaning is None or isinstance(meaning, tuple):
            return None
        refused = known.refuses(meaning)
        if refused:
            self.file.problems.error(value.span, f"`{name}` {refused}")
            return None
        return meaning

    def _bound(self, name: str, value: Word, known: Property, operand: Operand) -> Operand:
        """A parameter that stands for a decision: each of its choices must do."""
        if isinstance(operand, Ref):
            for choice in self.decisions[int(operand.decision)].choices:
                if refused := known.refuses(choice):
                    self.file.problems.error(
                        value.span, f"`{name}` {refused}", hint=f"`{value.name}` can be {choice}"
                    )
                    break
        return operand

    def _choices(self, domain: Domain, scope: Scope, known: Property, name: str) -> tuple[Choice, ...] | None:
        choices = expand(domain, scope, self.file.problems, words=False)
        if choices is None:
            return None
        elements: Sequence[Expression | Range] = domain.elements if isinstance(domain, ChoiceSet) else ()
        for index, choice in enumerate(choices):
            refused = known.refuses(choice)
            if refused:
                span = elements[index].span if len(elements) == len(choices) else domain.span
                self.file.problems.error(span, f"`{name}` {refused}")
                return None
        if len(choices) == 1:
            self.file.problems.warn(
                domain.span,
                f"`{name}` has one choice, so nothing is decided",
                hint=f"write `{name} {choices[0]}`",
            )
        return choices

    def _decide(self, short: str, long: str, choices: tuple[Choice, ...], when: When) -> int:
        self.decisions.append(LocalDecision(short, long, choices, when))
        return len(self.decisions) - 1

    def _label(self, name: str) -> str:
        """A name that nothing else in the layer has."""
        self.labels[name] += 1
        return name if self.labels[name] == 1 else f"{name}{self.labels[name]}"


def _rename(step: Step, names: Sequence[str]) -> Step:
    """Puts the settled names into the references of a step."""
    if isinstance(step, Apply):
        return replace(
            step, attributes=tuple((key, _renamed(value, names)) for key, value in step.attributes)
        )
    if isinstance(step, Choose):
        alternatives = tuple(
            (name, tuple(_rename(inner, names) for inner in body)) for name, body in step.alternatives
        )
        return Choose(names[int(step.decision)], alternatives)
    body = tuple(_rename(inner, names) for inner in step.body)
    return replace(step, count=_renamed(step.count, names), body=body)


def _renamed(operand: Operand, names: Sequence[str]) -> Operand:
    if isinstance(operand, Ref):
        return Ref(names[int(operand.decision)])
    return tuple(_renamed(part, names) for part in operand) if isinstance(operand, tuple) else operand
