"""An architecture: one token string of a space, and everything that is derived from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from nasctl.graph import Cost, Graph, Signature, bind, canonical_hash, measure_cost
from nasctl.space import Space, Tokens, Value

if TYPE_CHECKING:
    from nasctl.lowering import Network


@dataclass(frozen=True)
class Architecture:
    """One token string of a space.

    Attributes:
      space: The space that it belongs to.
      tokens: A valid token string of it (`Space.decode` checks).
    """

    space: Space
    tokens: Tokens

    @cached_property
    def values(self) -> dict[str, Value]:
        """What was decided, by name: active decisions only, anchors as tuples of labels."""
        return self.space.values(self.tokens)

    @cached_property
    def graph(self) -> Graph:
        """The network, not yet bound to a task.

        Raises:
          NasctlError: The dialect has no networks (plain choices).
        """
        return self.space.program.graph(self.values)

    def cost(self, signature: Signature) -> Cost:
        """Static cost of the network on a task."""
        return measure_cost(bind(self.graph, signature))

    def hash(self, signature: Signature) -> str:
        """Canonical hash: equal for token strings that stand for the same network on a task."""
        return canonical_hash(bind(self.graph, signature))

    def build(self, signature: Signature, *, seed: int = 0) -> Network:
        """The network as a Flax NNX module with freshly drawn parameters.

        Args:
          signature: Shape of the input and number of outputs.
          seed: Seed of the parameters.
        """
        from nasctl.lowering import build  # imports JAX, which reading and drawing do without

        return build(bind(self.graph, signature), seed=seed)
