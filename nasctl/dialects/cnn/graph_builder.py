"""The graph builder of a `cnn` space: fills the templates of its layers with values and connects the layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from nasctl.dialects.cnn.steps import Apply, Choose, Loop, Operand, Ref, Step, step_from_json, step_to_json
from nasctl.graph import Attribute, Graph, GraphWriter, connect_skips
from nasctl.graph.skips import Layer as SkipLayer
from nasctl.graph.skips import classify
from nasctl.space import Choice, Value


@dataclass(frozen=True)
class LayerSpec:
    """One layer of the network.

    Attributes:
      name: Prefix of its nodes and decisions: `layer3`.
      label: The name by which anchors refer to it.
      body: Index of its template in `CnnGraphBuilder.bodies`.
      skip: Whether an anchor decides what it reads. Otherwise it reads the layer before.
      counted_by: Name of the decision on the number of such layers. Empty if the layer is part of every network.
      number: The smallest value of that decision with which the layer is part of the network.
    """

    name: str
    label: Choice
    body: int
    skip: bool
    counted_by: str = ""
    number: int = 0


@dataclass(frozen=True)
class CnnGraphBuilder:
    """Builds convolutional networks.

    Attributes:
      bodies: Templates of layers: the steps of each.
      layers: The layers, in order.
      crossings: Pairs of the number of a layer and the index of a template (`after N { … }`). Layers after the one with
        that number read every earlier output through the template.
    """

    bodies: tuple[tuple[Step, ...], ...]
    layers: tuple[LayerSpec, ...]
    crossings: tuple[tuple[int, int], ...] = ()

    def graph(self, values: Mapping[str, Value]) -> Graph:
        """The network for the given values."""
        return _NetworkWriter(self, values).write()

    def to_json(self) -> dict[str, object]:
        """The graph builder as JSON values."""
        return {
            "bodies": [[step_to_json(step) for step in body] for body in self.bodies],
            "places": [
                [layer.name, layer.label, layer.body, layer.skip, layer.counted_by, layer.number]
                for layer in self.layers
            ],
            "crossings": [list(crossing) for crossing in self.crossings],
        }


def graph_builder_from_json(document: Mapping[str, Any]) -> CnnGraphBuilder:
    """The inverse of `CnnGraphBuilder.to_json`."""
    return CnnGraphBuilder(
        tuple(tuple(step_from_json(step) for step in body) for body in document["bodies"]),
        tuple(LayerSpec(*layer) for layer in document["places"]),
        tuple((int(number), int(body)) for number, body in document["crossings"]),
    )


class _NetworkWriter:
    """Writes one network."""

    def __init__(self, network: CnnGraphBuilder, values: Mapping[str, Value]) -> None:
        self._network = network
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
            connected = [
                SkipLayer(layer.label, layer.name, self._body_of(layer), self._sources(layer))
                for layer in run
            ]
            ends = connect_skips(self._writer, entry, connected, cross=self._cross)
            assert skip or len(ends) == 1
        return self._writer.finish([classify(self._writer, ends)])

    def _runs(self) -> Iterator[tuple[bool, list[LayerSpec]]]:
        """The layers of this network in runs, each of layers with anchors or of layers without."""
        run: list[LayerSpec] = []
        for layer in self._network.layers:
            if layer.counted_by and cast(int, self._values[layer.counted_by]) < layer.number:
                continue
            if run and run[-1].skip != layer.skip:
                yield run[-1].skip, run
                run = []
            run.append(layer)
        if run:
            yield run[-1].skip, run

    def _sources(self, layer: LayerSpec) -> Sequence[Choice] | None:
        if not layer.skip:
            return None
        return cast(Sequence[Choice], self._values.get(f"{layer.name}.skip", ()))

    def _body_of(self, layer: LayerSpec) -> Callable[[int], int]:
        def write(source: int) -> int:
            before = self._layers_written
            self._stage_of[source] = self._stage()
            output = self._steps(self._network.bodies[layer.body], source, layer.name)
            if self._layers_written == before:  # a layer without repetitions counts once
                self._count_layer(output)
            return output

        return write

    def _count_layer(self, output: int) -> None:
        self._stage_of[output] = self._stage()
        self._layers_written += 1

    def _stage(self) -> int:
        """Number of crossings before the current layer."""
        return sum(number <= self._layers_written for number, _ in self._network.crossings)

    def _cross(self, output: int) -> int:
        """Applies the crossings between an earlier output and the current layer, each of which is written once."""
        for crossing in range(self._stage_of.get(output, 0), self._stage()):
            if (crossing, output) not in self._crossed:
                number, body = self._network.crossings[crossing]
                uses = sum(key[0] == crossing for key in self._crossed)
                name = f"after{number}" if uses == 0 else f"after{number}.{uses + 1}"
                self._crossed[crossing, output] = self._steps(self._network.bodies[body], output, name)
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
                chosen = self._values[f"{owner}.{step.decision}"]
                source = self._steps(dict(step.alternatives)[cast(str, chosen)], source, owner, suffix)
            else:
                source = self._repeat(step, source, owner, suffix)
        return source

    def _repeat(self, step: Loop, source: int, owner: str, suffix: str) -> int:
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
