"""Turns the body of a layer into a template: layer types, blocks, repetitions, and choices among types."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from nasctl.dialects.cnn.properties import Context, PropertyReader
from nasctl.dialects.cnn.steps import Apply, Choose, Loop, Operand, Step
from nasctl.dialects.cnn.syntax import Block, Fixed, Item, OneOf, Pair, Repeat, Skip, Times, Use
from nasctl.dialects.cnn.template import Template, make_template
from nasctl.dialects.cnn.types import LayerType, layer_type, layer_type_names
from nasctl.dsl.diagnostics import Note, Problems, suggestion
from nasctl.dsl.source import Span
from nasctl.dsl.syntax import ChoiceSet, Range, Word
from nasctl.dsl.values import Scope, evaluate, expand
from nasctl.graph import Property
from nasctl.space import Choice

MOST_REPETITIONS = 100
"""Repetitions inside one layer."""

MOST_USES = 20_000
"""Ops and blocks in all layers of a file, with those of a block counted wherever it is used."""

MOST_NESTED = 20
"""Blocks that may be used inside each other."""

_ANY = Property(low=-1e30, high=1e30, whole=False, pair=True)
"""Accepts any value: for parameters of blocks, which are checked where they are used."""


@dataclass
class TemplateReader:
    """Reads the templates of one file.

    Attributes:
      blocks: The blocks of the file, by name.
      scope: The names that `let` defines.
      problems: Collects the errors.
      used: Names of the blocks that were used.
      uses: Number of ops and blocks that were read.
    """

    blocks: Mapping[str, Block]
    scope: Scope
    problems: Problems
    used: set[str] = field(default_factory=set)
    uses: int = 0

    def read(self, body: Sequence[Item]) -> Template:
        """The template of the body of a layer."""
        reader = _BodyReader(self)
        steps = reader.items(body, Context(self.scope))
        return make_template(steps, reader.properties.decisions, reader.skip)


class _BodyReader:
    """Reads the body of one layer."""

    def __init__(self, file: TemplateReader) -> None:
        self.properties = PropertyReader(file.problems)
        self.skip: Skip | None = None
        self._file = file
        self._problems = file.problems
        self._labels: Counter[str] = Counter()

    def items(self, body: Sequence[Item], context: Context) -> tuple[Step, ...]:
        """The steps of a body, or of a part of it."""
        steps: list[Step] = []
        for item in body:
            if isinstance(item, Use):
                steps.extend(self._use(item, context))
            elif isinstance(item, OneOf):
                steps.append(self._one_of(item, context))
            elif isinstance(item, Repeat):
                count = self._times(item.times, context)
                name = self._label("repeat")
                steps.append(Loop(name, count, item.dense, self.items(item.body, context)))
            else:
                self._note_skip(item, context)
        return tuple(steps)

    def _note_skip(self, item: Skip, context: Context) -> None:
        if self.skip is not None:
            self._problems.error(
                item.span, "a layer has one anchor", notes=[Note("the first one is here", self.skip.span)]
            )
        elif context.when or context.blocks:
            self._problems.error(
                item.span,
                "`skip anchors` belongs to the layer as a whole",
                hint="move it out, directly into `layer { … }`",
            )
        self.skip = item

    def _one_of(self, item: OneOf, context: Context) -> Choose:
        names: dict[str, Span] = {}
        for use in item.alternatives:
            if use.name.name in names:
                self._problems.error(
                    use.name.span,
                    f"`{use.name.name}` is offered twice",
                    hint="give each its own `block NAME { … }`, so that they have different names",
                    notes=[Note("the first one is here", names[use.name.name])],
                )
            names.setdefault(use.name.name, use.name.span)
        if not names:
            self._problems.error(
                item.span, "`one of` has no alternatives", hint="one of { conv { … } max_pool { … } }"
            )
        if len(item.alternatives) == 1:
            self._problems.warn(item.span, "`one of` offers one type, so nothing is decided")
        decided = self.properties.decide("type", self._label("type"), tuple(names), context).decision
        alternatives = []
        for token, use in enumerate(item.alternatives):
            taken = replace(context, when=(*context.when, (int(decided), (token,))))
            alternatives.append((use.name.name, tuple(self._use(use, taken))))
        return Choose(decided, tuple(alternatives))

    def _times(self, times: Times, context: Context) -> Operand:
        limit = Property(high=MOST_REPETITIONS)
        if times.decided:
            choices = self.properties.choices("repeat", times.count, limit, context)
            return self.properties.decide("repeat", self._label("repeat"), choices, context) if choices else 1
        return self.properties.constant("repeat", times.count, limit, context) or 1

    def _use(self, item: Use, context: Context) -> Sequence[Step]:
        name = item.name.name
        self._file.uses += 1
        if self._file.uses > MOST_USES:
            if self._file.uses == MOST_USES + 1:
                self._problems.error(
                    item.name.span, f"the layers have more than {MOST_USES:,} ops, with those of their blocks"
                )
            return ()
        if name in self._file.blocks:
            return self._block(item, self._file.blocks[name], context)
        kind = layer_type(name)
        if kind is None:
            known = [*layer_type_names(), *self._file.blocks]
            self._problems.error(
                item.name.span, f"there is no layer type or block `{name}`", hint=suggestion(name, known)
            )
            return ()
        return self._layer(item, kind, context)

    def _layer(self, item: Use, kind: LayerType, context: Context) -> Sequence[Step]:
        """The step of a layer type."""
        name = item.name.name
        label = self._label(name)
        operands_by_name: dict[str, Operand | None] = {}
        for written in item.properties:
            property_name = written.name.name
            known = kind.properties.get(property_name)
            if known is None:
                hint = (
                    suggestion(property_name, kind.properties)
                    if kind.properties
                    else f"`{name}` has no properties"
                )
                self._problems.error(
                    written.name.span, f"{name} has no property `{property_name}`", hint=hint
                )
            elif property_name in operands_by_name:
                self._problems.error(written.name.span, f"`{property_name}` is given twice")
            else:
                operands_by_name[property_name] = self.properties.read(written, label, known, context)
        operands = self._complete(item, kind, operands_by_name)
        return () if operands is None else (Apply(kind.op, label, kind.attributes(operands)),)

    def _complete(
        self, item: Use, kind: LayerType, operands_by_name: Mapping[str, Operand | None]
    ) -> Mapping[str, Operand] | None:
        """The operands of a layer type, or None if one is missing or wrong."""
        sides = [name for name in ("height", "width") if name in operands_by_name]
        if "size" in kind.properties and "size" in operands_by_name and sides:
            span = next(written.name.span for written in item.properties if written.name.name == sides[0])
            self._problems.error(
                span,
                f"{item.name.name} has a size and a {sides[0]}",
                hint="give `size`, or `height` and `width`",
            )
            return None
        missing = kind.missing(operands_by_name)
        if missing and (
            len(operands_by_name) < len(item.properties) or self._problems.has_syntax_error(item.span)
        ):
            return None  # the missing one may be misspelt, which is already reported
        if missing:
            listed = " and ".join(f"`{name}`" for name in missing)
            hint = "for example `size 3` or `size in {1, 3, 5}`" if missing == ["size"] else ""
            self._problems.error(item.name.span, f"{item.name.name} needs {listed}", hint=hint)
            return None
        operands = {name: operand for name, operand in operands_by_name.items() if operand is not None}
        return operands if len(operands) == len(operands_by_name) else None

    def _block(self, item: Use, block: Block, context: Context) -> Sequence[Step]:
        """The steps of a block of the file."""
        name = item.name.name
        self._file.used.add(name)
        if name in context.blocks:
            self._problems.error(
                item.name.span, f"the block `{name}` uses itself", hint=" → ".join([*context.blocks, name])
            )
            return ()
        if len(context.blocks) > MOST_NESTED:
            self._problems.error(
                item.name.span, f"blocks are used inside each other more than {MOST_NESTED} deep"
            )
            return ()
        values, bindings = self._arguments(item, block, context)
        inner = Context(
            Scope(values, outer=self._file.scope), bindings, context.when, (*context.blocks, name)
        )
        return self.items(block.body, inner)

    def _arguments(
        self, item: Use, block: Block, context: Context
    ) -> tuple[dict[str, Choice | tuple[Choice, ...]], dict[str, Operand]]:
        """The values and the decisions of the parameters of a block. After an error, a value is empty."""
        name, label = item.name.name, self._label(item.name.name)
        values: dict[str, Choice | tuple[Choice, ...]] = {}
        bindings: dict[str, Operand] = {}
        parameters = {parameter.name.name: parameter for parameter in block.parameters}
        given: dict[str, Word] = {}
        for written in item.properties:
            parameter_name = written.name.name
            if parameter_name not in parameters:
                hint = suggestion(parameter_name, parameters) if parameters else f"`{name}` has no parameters"
                self._problems.error(
                    written.name.span, f"the block `{name}` has no parameter `{parameter_name}`", hint=hint
                )
            elif parameter_name in given:
                notes = [Note("the first one is here", given[parameter_name].span)]
                self._problems.error(written.span, f"`{parameter_name}` is given twice", notes=notes)
            elif isinstance(written, Pair):
                self._problems.error(written.span, f"the parameter `{parameter_name}` is one value")
            elif isinstance(written, Fixed):
                value = written.value
                if isinstance(value, Word) and value.name in context.bindings:
                    bindings[parameter_name] = context.bindings[value.name]
                else:
                    meaning = evaluate(value, context.scope, self._problems, sets=True)
                    values[parameter_name] = () if meaning is None else meaning
            else:
                choices = self.properties.choices(parameter_name, written.domain, _ANY, context)
                if choices:
                    bindings[parameter_name] = self.properties.decide(
                        parameter_name, f"{label}.{parameter_name}", choices, context
                    )
                else:
                    values[parameter_name] = ()
            given.setdefault(parameter_name, written.name)
        misspelt = any(written.name.name not in parameters for written in item.properties)
        for parameter_name, parameter in parameters.items():
            if parameter_name in values or parameter_name in bindings:
                continue
            default = parameter.default
            if default is None:
                if not misspelt:
                    self._problems.error(
                        item.name.span,
                        f"the block `{name}` needs `{parameter_name}`",
                        hint=f"{name} {{ {parameter_name} … }}",
                    )
                values[parameter_name] = ()
            elif isinstance(default, (Range, ChoiceSet)):
                values[parameter_name] = expand(default, self._file.scope, self._problems) or ()
            else:
                meaning = evaluate(default, self._file.scope, self._problems, sets=True)
                values[parameter_name] = () if meaning is None else meaning
        return values, bindings

    def _label(self, name: str) -> str:
        """A name that is unique in the layer."""
        self._labels[name] += 1
        return name if self._labels[name] == 1 else f"{name}{self._labels[name]}"
