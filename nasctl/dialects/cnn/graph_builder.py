"""The graph builder of a `cnn` space: layers as templates, filled in with what was decided, written as a Graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from nasctl.graph import Attribute, Graph, GraphWriter, connect_skips
from nasctl.graph.skips import Layer as SkipLayer
from nasctl.graph.skips import classify
from nasctl.space import Choice, Value


@dataclass(frozen=True)
class Ref:
    """Stands for what a decision of the layer decided; `decision` is its name without the layer's."""

    decision: str


Operand = Choice | Ref | tuple["Operand", ...]
"""What gives an attribute its value."""


@dataclass(frozen=True)
class Apply:
    """One op of the graph.

    Attributes:
      op: Its name in the registry.
      name: Name of its node, without the layer's.
      attributes: Its attributes.
    """

    op: str
    name: str
    attributes: tuple[tuple[str, Operand], ...] = ()


@dataclass(frozen=True)
class Choose:
    """The steps of the type that was decided."""

    decision: str
    alternatives: tuple[tuple[str, tuple[Step, ...]], ...]


@dataclass(frozen=True)
class Again:
    """Steps that are repeated, each time on the output before or (dense) on all outputs before, concatenated."""

    name: str
    count: Operand
    dense: bool
    body: tuple[Step, ...]


Step = Apply | Choose | Again


@dataclass(frozen=True)
class Place:
    """One layer of the network.

    Attributes:
      name: Prefix of its nodes and decisions: `layer3`.
      label: How anchors call it.
      body: Index of its template in `CnnGraphBuilder.bodies`.
      skip: Whether an anchor decides what it reads; otherwise it reads the layer before.
      counted_by: Name of the decision on how many such layers there are, or an empty string if it is always there.
      number: It is there when that decision is at least this.
    """

    name: str
    label: Choice
    body: int
    skip: bool
    counted_by: str = ""
    number: int = 0


@dataclass(frozen=True)
class CnnGraphBuilder:
    """Decodes values into a network.

    Attributes:
      bodies: What layers consist of.
      places: The layers, in order.
      crossings: Numbers of layers after which everything that is read from before goes through a template, with
        the template's index.
    """

    bodies: tuple[tuple[Step, ...], ...]
    places: tuple[Place, ...]
    crossings: tuple[tuple[int, int], ...] = ()

    def graph(self, values: Mapping[str, Value]) -> Graph:
        """The network that the values stand for."""
        return _Writer(self, values).write()

    def to_json(self) -> dict[str, object]:
        """The graph builder as JSON values."""
        return {
            "bodies": [[_step_to_json(step) for step in body] for body in self.bodies],
            "places": [
                [place.name, place.label, place.body, place.skip, place.counted_by, place.number]
                for place in self.places
            ],
            "crossings": [list(crossing) for crossing in self.crossings],
        }


def graph_builder_from_json(document: Mapping[str, Any]) -> CnnGraphBuilder:
    """The inverse of `CnnGraphBuilder.to_json`."""
    return CnnGraphBuilder(
        tuple(tuple(_step_from_json(step) for step in body) for body in document["bodies"]),
        tuple(Place(*place) for place in document["places"]),
        tuple((int(number), int(body)) for number, body in document["crossings"]),
    )


class _Writer:
    """Writes one network."""

    def __init__(self, graph_builder: CnnGraphBuilder, values: Mapping[str, Value]) -> None:
        self._graph_builder = graph_builder
        self._values = values
        self._writer = GraphWriter()
        self._layers_written = 0
        self._stage_of: dict[int, int] = {}
        self._crossed: dict[tuple[int, int], int] = {}

    def write(self) -> Graph:
        image = self._writer.add("input", name="image")
        ends: tuple[int, ...] = (image,)
        for skip, run in self._runs():
            entry = self._join([self._cross(end) for end in ends], f"{run[0].name}.before")
            layers = [
                SkipLayer(place.label, place.name, self._body_of(place), self._sources(place))
                for place in run
            ]
            ends = connect_skips(self._writer, entry, layers, cross=self._cross)
            assert skip or len(ends) == 1
        return self._writer.finish([classify(self._writer, ends)])

    def _runs(self) -> Iterator[tuple[bool, list[Place]]]:
        """Consecutive layers that are there, all with anchors or all without."""
        run: list[Place] = []
        for place in self._graph_builder.places:
            if place.counted_by and cast(int, self._values[place.counted_by]) < place.number:
                continue
            if run and run[-1].skip != place.skip:
                yield run[-1].skip, run
                run = []
            run.append(place)
        if run:
            yield run[-1].skip, run

    def _sources(self, place: Place) -> Sequence[Choice] | None:
        if not place.skip:
            return None
        return cast(Sequence[Choice], self._values.get(f"{place.name}.skip", ()))

    def _body_of(self, place: Place) -> Callable[[int], int]:
        def write(source: int) -> int:
            before = self._layers_written
            self._stage_of[source] = self._stage()
            output = self._steps(self._graph_builder.bodies[place.body], source, place.name)
            if self._layers_written == before:  # a layer without repetitions counts once
                self._count_layer(output)
            return output

        return write

    def _count_layer(self, output: int) -> None:
        self._stage_of[output] = self._stage()
        self._layers_written += 1

    def _stage(self) -> int:
        """How many crossings lie before what is written now."""
        return sum(number <= self._layers_written for number, _ in self._graph_builder.crossings)

    def _cross(self, output: int) -> int:
        """An earlier output as it is seen from here: through each crossing that lies between, once."""
        for crossing in range(self._stage_of.get(output, 0), self._stage()):
            if (crossing, output) not in self._crossed:
                number, body = self._graph_builder.crossings[crossing]
                taken = sum(key[0] == crossing for key in self._crossed)
                name = f"after{number}" if taken == 0 else f"after{number}.{taken + 1}"
                self._crossed[crossing, output] = self._steps(self._graph_builder.bodies[body], output, name)
            output = self._crossed[crossing, output]
            self._stage_of[output] = crossing + 1
        return output

    def _join(self, sources: Sequence[int], name: str) -> int:
        return sources[0] if len(sources) == 1 else self._writer.add("concat", sources, name=name)

    def _steps(self, steps: Sequence[Step], source: int, owner: str, suffix: str = "") -> int:
        for step in steps:
            if isinstance(step, Apply):
                attributes = {key: self._operand(operand, owner) for key, operand in step.attributes}
                source = self._writer.add(
                    step.op, [source], name=f"{owner}.{step.name}{suffix}", **attributes
                )
            elif isinstance(step, Choose):
                taken = self._values[f"{owner}.{step.decision}"]
                source = self._steps(dict(step.alternatives)[cast(str, taken)], source, owner, suffix)
            else:
                source = self._repeat(step, source, owner, suffix)
        return source

    def _repeat(self, step: Again, source: int, owner: str, suffix: str) -> int:
        outputs = [source]
        for number in range(1, cast(int, self._operand(step.count, owner)) + 1):
            inside = f"{suffix}.{number}"
            read = [self._cross(output) for output in (outputs if step.dense else outputs[-1:])]
            joined = self._join(read, f"{owner}.{step.name}{inside}.inputs")
            outputs.append(self._steps(step.body, joined, owner, inside))
            self._count_layer(outputs[-1])
        return outputs[-1]

    def _operand(self, operand: Operand, owner: str) -> Attribute:
        if isinstance(operand, Ref):
            return cast(Attribute, self._values[f"{owner}.{operand.decision}"])
        if isinstance(operand, tuple):
            return tuple(self._operand(part, owner) for part in operand)
        return operand


def _step_to_json(step: Step) -> dict[str, object]:
    if isinstance(step, Apply):
        attributes = {key: _operand_to_json(operand) for key, operand in step.attributes}
        return {"op": step.op, "name": step.name, "attributes": attributes}
    if isinstance(step, Choose):
        # Pairs and not an object: the order of the alternatives is the order of the tokens.
        alternatives = [[name, [_step_to_json(inner) for inner in body]] for name, body in step.alternatives]
        return {"choose": step.decision, "alternatives": alternatives}
    body = [_step_to_json(inner) for inner in step.body]
    return {"repeat": _operand_to_json(step.count), "name": step.name, "dense": step.dense, "body": body}


def _step_from_json(document: Mapping[str, Any]) -> Step:
    if "op" in document:
        attributes = tuple((key, _operand_from_json(value)) for key, value in document["attributes"].items())
        return Apply(document["op"], document["name"], attributes)
    if "choose" in document:
        alternatives = tuple(
            (name, tuple(_step_from_json(inner) for inner in body)) for name, body in document["alternatives"]
        )
        return Choose(document["choose"], alternatives)
    body = tuple(_step_from_json(inner) for inner in document["body"])
    return Again(document["name"], _operand_from_json(document["repeat"]), bool(document["dense"]), body)


def _operand_to_json(operand: Operand) -> object:
    if isinstance(operand, Ref):
        return {"decision": operand.decision}
    return [_operand_to_json(part) for part in operand] if isinstance(operand, tuple) else operand


def _operand_from_json(document: Any) -> Operand:
    if isinstance(document, Mapping):
        return Ref(document["decision"])
    return tuple(_operand_from_json(part) for part in document) if isinstance(document, list) else document
