"""Builds a `cnn` space: its layers in order, their decisions, and the anchors that connect them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

from nasctl.dialects.cnn.body import TemplateReader
from nasctl.dialects.cnn.counts import MOST_LAYERS, CountReader, LayerCount
from nasctl.dialects.cnn.graph_builder import CnnGraphBuilder, LayerSpec
from nasctl.dialects.cnn.steps import Choose, Loop, Ref, Step
from nasctl.dialects.cnn.syntax import After, Block, Decided, End, Fixed, Layer, Layers, Pair
from nasctl.dialects.cnn.template import Template
from nasctl.dialects.dialect import MOST_DECISIONS, DecisionList, Parts
from nasctl.dsl.diagnostics import Note, Problems, suggestion
from nasctl.dsl.source import Span
from nasctl.dsl.syntax import Node, Statement, Word
from nasctl.dsl.values import Scope, evaluate
from nasctl.input_kind import InputKind
from nasctl.space import AnchorPoint, Clause

MOST_OPS = 20_000
"""Largest number of ops of a layer, with repetitions."""

_ENDS = {"input": (InputKind.IMAGE.value,), "output": ("classifier",)}


@dataclass
class _Point:
    """An anchor point, and the clauses under which a network has its layer."""

    point: AnchorPoint
    when: tuple[Clause, ...]


@dataclass
class _Builder:
    """The parts of a space that were read so far."""

    scope: Scope
    problems: Problems
    templates: TemplateReader
    decisions: DecisionList = field(default_factory=DecisionList)
    points: list[_Point] = field(default_factory=list)
    bodies: list[Template] = field(default_factory=list)
    specs: list[LayerSpec] = field(default_factory=list)
    group: list[int] = field(default_factory=list)
    counts: CountReader = field(init=False)

    def __post_init__(self) -> None:
        self.counts = CountReader(self.scope, self.problems, self.decisions)


def build(statements: Sequence[Statement], scope: Scope, problems: Problems) -> Parts:
    """Builds the parts of a `cnn` space."""
    blocks: dict[str, Block] = {}
    for item in statements:
        if isinstance(item, Block):
            if item.name.name in blocks:
                note = Note("the first one is here", blocks[item.name.name].name.span)
                problems.error(item.name.span, f"there are two blocks `{item.name.name}`", notes=[note])
            blocks[item.name.name] = item
            _check_parameters(item, problems)
    builder = _Builder(scope, problems, TemplateReader(blocks, scope, problems))
    _check_ends([item for item in statements if isinstance(item, End)], problems)
    layers = [item for item in statements if isinstance(item, Layer)]
    count = builder.counts.layers([item for item in statements if isinstance(item, Layers)], layers)
    for layer in layers:
        _add_layer(builder, layer, count)
    crossings = _crossings(builder, [item for item in statements if isinstance(item, After)])
    for name, block in blocks.items():
        if name not in builder.templates.used:
            problems.warn(block.name.span, f"nothing uses the block `{name}`")
    graph_builder = CnnGraphBuilder(
        tuple(body.steps for body in builder.bodies), tuple(builder.specs), crossings
    )
    anchors = tuple(item.point for item in builder.points)
    return Parts(builder.decisions.all(), graph_builder, anchors, builder.counts.schedule)


def _check_parameters(block: Block, problems: Problems) -> None:
    """Reports a parameter that is given twice or never used."""
    first: dict[str, Word] = {}
    for parameter in block.parameters:
        name = parameter.name
        if name.name in first:
            notes = [Note("the first one is here", first[name.name].span)]
            problems.error(name.span, f"`{name.name}` is a parameter twice", notes=notes)
        elif not _mentions(block.body, name.name) and not problems.has_syntax_error(block.span):
            problems.warn(name.span, f"nothing in the block `{block.name.name}` uses `{name.name}`")
        first.setdefault(name.name, name)


def _mentions(part: object, name: str) -> bool:
    """Whether a part of a syntax tree contains a word."""
    if isinstance(part, Word):
        return part.name == name
    if isinstance(part, tuple):
        return any(_mentions(item, name) for item in part)
    if isinstance(part, (Fixed, Decided, Pair)):  # the name of a property is no use of a parameter
        return any(_mentions(getattr(part, key.name), name) for key in fields(part) if key.name != "name")
    return isinstance(part, Node) and any(_mentions(getattr(part, key.name), name) for key in fields(part))


def _check_ends(ends: Sequence[End], problems: Problems) -> None:
    seen: dict[str, Span] = {}
    for end in ends:
        if end.name in seen:
            note = Note("the first one is here", seen[end.name])
            problems.error(end.span, f"`{end.name}` is given twice", notes=[note])
        seen[end.name] = end.span
        known = _ENDS[end.name]
        if end.word.name not in known:
            hint = suggestion(end.word.name, known)
            problems.error(end.word.span, f"a cnn has no {end.name} `{end.word.name}`", hint=hint)


def _add_layer(builder: _Builder, layer: Layer, unnamed: LayerCount | None) -> None:
    template = builder.templates.read(layer.body)
    if not layer.body and not builder.problems.has_syntax_error(layer.span):
        builder.problems.error(
            layer.span, "this layer is empty", hint="layer { conv { size 3 filters 24 } relu }"
        )
    builder.bodies.append(template)
    body = len(builder.bodies) - 1
    if not template.skip:
        builder.group = []
    if _most_ops(template.steps, template) > MOST_OPS:
        builder.problems.error(
            layer.span,
            f"this layer can have more than {MOST_OPS:,} ops",
            hint="repeat less often: the numbers of nested `repeat`s are multiplied",
        )
        return
    if layer.name is None:
        count = unnamed
        taken = {spec.name for spec in builder.specs}
        for number in range(1, (count.most if count is not None else 0) + 1):
            if f"layer{number}" in taken:
                builder.problems.error(
                    layer.span,
                    f"there are two layers `layer{number}`",
                    hint="layers without a name are called layer1, layer2, …; rename the other one",
                )
                return
        if count is not None and _fits(builder, layer, template, count.most):
            counted_by = "layers" if count.decision is not None else ""
            for number in range(1, count.most + 1):
                spec = LayerSpec(
                    f"layer{number}",
                    number,
                    body,
                    bool(template.skip),
                    counted_by,
                    number if counted_by else 0,
                )
                _add_spec(builder, template, spec, count.clauses(number))
        return
    name = layer.name.name
    if any(spec.name.split(".")[0] == name for spec in builder.specs):
        builder.problems.error(
            layer.name.span, f"there are two layers `{name}`", hint="give each its own name"
        )
        return
    if layer.times is None:
        _add_spec(builder, template, LayerSpec(name, name, body, bool(template.skip)), ())
        return
    times = builder.counts.times(name, layer.times)
    if times is not None and _fits(builder, layer, template, times.most):
        counted_by = f"{name}.repeat" if times.decision is not None else ""
        for number in range(1, times.most + 1):
            called = f"{name}.{number}"
            spec = LayerSpec(
                called, called, body, bool(template.skip), counted_by, number if counted_by else 0
            )
            _add_spec(builder, template, spec, times.clauses(number))


def _fits(builder: _Builder, layer: Layer, template: Template, most: int) -> bool:
    """Whether the space stays within the limit on decisions with this layer. Reports an error if not."""
    before = len(builder.group) if template.skip else 0
    bits = (before * most + most * (most - 1) // 2) if template.skip else 0
    total = len(builder.decisions) + most * len(template.decisions) + bits
    if total > MOST_DECISIONS:
        builder.problems.error(
            layer.span,
            f"this space has {total:,} decisions; at most {MOST_DECISIONS:,} can be searched",
            hint="use fewer layers: each `skip anchors` adds a decision for every earlier layer"
            if template.skip
            else "",
        )
        return False
    return True


def _add_spec(builder: _Builder, template: Template, spec: LayerSpec, when: tuple[Clause, ...]) -> None:
    first = len(builder.decisions)
    for decision, name in zip(template.decisions, template.names, strict=True):
        clauses = tuple(Clause(first + index, tokens) for index, tokens in decision.when)
        builder.decisions.add(f"{spec.name}.{name}", decision.choices, kind=name, when=(*when, *clauses))
    if template.skip:
        sources = tuple(builder.group)
        point = AnchorPoint(f"{spec.name}.skip", spec.label, len(builder.decisions), sources)
        for source in sources:
            source_clauses = tuple(clause for clause in builder.points[source].when if clause not in when)
            builder.decisions.add_anchor(
                point.name, builder.points[source].point.label, when=(*when, *source_clauses)
            )
        builder.group.append(len(builder.points))
        builder.points.append(_Point(point, when))
    builder.specs.append(spec)


def _most_ops(steps: Sequence[Step], template: Template) -> int:
    """The largest number of ops that a body can have, with repetitions."""
    most = 0
    for step in steps:
        if isinstance(step, Loop):
            most += max(_counts(step, template)) * max(1, _most_ops(step.body, template))
        elif isinstance(step, Choose):
            most += max((_most_ops(body, template) for _, body in step.alternatives), default=0)
        else:
            most += 1
    return most


def _counts(step: Loop, template: Template) -> list[int]:
    """The numbers of repetitions of a part of a body."""
    if isinstance(step.count, Ref):
        choices = dict(zip(template.names, template.decisions, strict=True))[step.count.decision].choices
    else:
        choices = (step.count,)  # type: ignore[assignment]
    return [value for value in choices if isinstance(value, int)]


def _most_layers(steps: Sequence[Step], template: Template) -> int:
    """The largest number of repetitions that a body can have."""
    most = 0
    for step in steps:
        if isinstance(step, Loop):
            most += max(_counts(step, template))
        elif isinstance(step, Choose):
            most += max((_most_layers(body, template) for _, body in step.alternatives), default=0)
    return most


def _crossings(builder: _Builder, statements: Sequence[After]) -> tuple[tuple[int, int], ...]:
    crossings: dict[int, int] = {}
    bodies = [(body, _most_layers(body.steps, body)) for body in builder.bodies]
    layers = sum(max(1, bodies[spec.body][1]) for spec in builder.specs)
    for item in statements:
        template = builder.templates.read(item.body)
        if template.decisions or template.skip:
            builder.problems.error(item.span, "nothing can be decided in the body of `after`")
        builder.bodies.append(template)
        for written in item.numbers:
            number = evaluate(written, builder.scope, builder.problems)
            if number is None:
                continue
            if not isinstance(number, int) or not 1 <= number <= 100 * MOST_LAYERS:
                builder.problems.error(
                    written.span, f"the number of a layer is a whole number from 1, not {number}"
                )
            elif number in crossings:
                builder.problems.error(written.span, f"`after {number}` is given twice")
            else:
                if number >= layers:
                    builder.problems.warn(
                        written.span,
                        f"there are at most {layers} layers, so nothing comes after layer {number}",
                    )
                crossings[number] = len(builder.bodies) - 1
    return tuple(sorted(crossings.items()))
