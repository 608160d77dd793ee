"""The syntax tree of `cnn` files: a class for each rule of `cnn.lark`, and the builder that makes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nasctl.dsl.builder import SyntaxBuilder
from nasctl.dsl.source import Span
from nasctl.dsl.syntax import Domain, Expression, InputForm, Node, Word


@dataclass(frozen=True)
class Fixed(Node):
    """`NAME VALUE`: a property that is fixed."""

    name: Word
    value: Expression


@dataclass(frozen=True)
class Decided(Node):
    """`NAME in DOMAIN`: a property that is decided."""

    name: Word
    domain: Domain


@dataclass(frozen=True)
class Pair(Node):
    """`NAME (height …, width …)`: a property with two parts."""

    name: Word
    parts: tuple[Fixed | Decided, ...]


Property = Fixed | Decided | Pair


@dataclass(frozen=True)
class Use(Node):
    """`NAME {…}`: a layer type or a block of the file."""

    name: Word
    properties: tuple[Property, ...]


@dataclass(frozen=True)
class OneOf(Node):
    """`one of {…}`: a decision on the type."""

    alternatives: tuple[Use, ...]


@dataclass(frozen=True)
class Times(Node):
    """A number of repetitions, fixed or decided."""

    count: Domain
    decided: bool


@dataclass(frozen=True)
class Repeat(Node):
    """`repeat N {…}`: a chain of equal parts. In a `dense` chain each part reads all parts before it."""

    times: Times
    dense: bool
    body: tuple[Item, ...]


@dataclass(frozen=True)
class Skip(Node):
    """`skip anchors`."""


Item = Use | OneOf | Repeat | Skip


@dataclass(frozen=True)
class Layers(Node):
    """`layers …`: the number of layers without a name."""

    count: Domain
    how: Literal["fixed", "decided", "scheduled"]
    every: Expression | None = None

    @property
    def subject(self) -> str:
        """The same for all `layers` statements, as a file has only one."""
        return "layers"


@dataclass(frozen=True)
class Layer(Node):
    """`layer NAME repeat N {…}`."""

    name: Word | None
    times: Times | None
    body: tuple[Item, ...]

    @property
    def subject(self) -> str:
        """The name of the layer. A file has one layer of each name, and one without a name."""
        return f"layer {self.name.name if self.name else ''}"


@dataclass(frozen=True)
class After(Node):
    """`after N, M {…}`: outputs that are read across layer N or M go through the body."""

    numbers: tuple[Expression, ...]
    body: tuple[Item, ...]


@dataclass(frozen=True)
class Parameter(Node):
    """A parameter of a block, which may have a default."""

    name: Word
    default: Domain | None


@dataclass(frozen=True)
class Block(Node):
    """`block NAME(PARAMETER, …) {…}`."""

    name: Word
    parameters: tuple[Parameter, ...]
    body: tuple[Item, ...]


@dataclass(frozen=True)
class End(Node):
    """`input image` or `output classifier`."""

    name: Literal["input", "output"]
    word: Word
    form: InputForm | None = None


class CnnSyntax(SyntaxBuilder):
    """Makes the syntax tree: one method for each rule of `cnn.lark`."""

    def input(self, span: Span, word: Word, form: InputForm | None) -> End:
        """`input image { … }`."""
        return End("input", word, form, span=span)

    def output(self, span: Span, word: Word) -> End:
        """`output classifier`."""
        return End("output", word, span=span)

    def layers_fixed(self, span: Span, count: Domain) -> Layers:
        """`layers 6`."""
        return Layers(count, "fixed", span=span)

    def layers_decided(self, span: Span, count: Domain) -> Layers:
        """`layers in {4, 6}`."""
        return Layers(count, "decided", span=span)

    def layers_scheduled(self, span: Span, count: Domain, every: Expression) -> Layers:
        """`layers 6..20 step 2 every 1600 samples`."""
        return Layers(count, "scheduled", every, span=span)

    def layer(self, span: Span, name: Word | None, times: Times | None, *body: Item) -> Layer:
        """`layer …`."""
        return Layer(name, times, body, span=span)

    def times_fixed(self, span: Span, count: Domain) -> Times:
        """`repeat 3`."""
        return Times(count, False, span=span)

    def times_decided(self, span: Span, count: Domain) -> Times:
        """`repeat in 1..3`."""
        return Times(count, True, span=span)

    def use(self, span: Span, name: Word, *properties: Property | None) -> Use:
        """An op or a block."""
        return Use(name, tuple(item for item in properties if item is not None), span=span)

    def use_item(self, span: Span, use: Use) -> Use:
        """One alternative."""
        return use

    def fixed(self, span: Span, name: Word, value: Expression) -> Fixed:
        """`NAME VALUE`."""
        return Fixed(name, value, span=span)

    def decided(self, span: Span, name: Word, domain: Domain) -> Decided:
        """`NAME in DOMAIN`."""
        return Decided(name, domain, span=span)

    def pair(self, span: Span, name: Word, *parts: Fixed | Decided) -> Pair:
        """`NAME (…, …)`."""
        return Pair(name, parts, span=span)

    def one_of(self, span: Span, *alternatives: Use) -> OneOf:
        """`one of {…}`."""
        return OneOf(alternatives, span=span)

    def repeat(self, span: Span, times: Times, dense: Word | None, *body: Item) -> Repeat:
        """`repeat N dense {…}`."""
        return Repeat(times, dense is not None, body, span=span)

    def skip(self, span: Span) -> Skip:
        """`skip anchors`."""
        return Skip(span=span)

    def after(self, span: Span, *parts: Expression | Item) -> After:
        """`after N, M {…}`."""
        body = tuple(part for part in parts if isinstance(part, (Use, OneOf, Repeat, Skip)))
        numbers = tuple(part for part in parts if not isinstance(part, (Use, OneOf, Repeat, Skip)))
        return After(numbers, body, span=span)

    def block(self, span: Span, name: Word, *parts: Parameter | Item | None) -> Block:
        """`block NAME(…) {…}`."""
        parameters = tuple(part for part in parts if isinstance(part, Parameter))
        body = tuple(part for part in parts if part is not None and not isinstance(part, Parameter))
        return Block(name, parameters, body, span=span)

    def parameter(self, span: Span, name: Word, default: Domain | None) -> Parameter:
        """`NAME` or `NAME = VALUE`."""
        return Parameter(name, default, span=span)
