"""An architecture: a token string of a space, and everything that is derived from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasctl.arch_json import TaskInfo, document_to_json, load_document, save_document
from nasctl.config import TrainingConfig
from nasctl.graph import Cost, Graph, Signature, bind, canonical_hash, measure_cost
from nasctl.space import Space, Tokens, Value

if TYPE_CHECKING:
    from nasctl.lowering import Network


@dataclass(frozen=True)
class Architecture:
    """One architecture of a space.

    Attributes:
      space: The space that it belongs to.
      tokens: A valid token string of the space. `Architecture.decode` checks it; the constructor does not.
    """

    space: Space
    tokens: Tokens

    @staticmethod
    def decode(space: Space, tokens: Sequence[int]) -> Architecture:
        """The architecture that a token string stands for.

        Args:
          space: The space.
          tokens: For each decision of the space the index of its choice, or -1 where it is not decided.

        Raises:
          NasctlError: The token string is not valid in the space.
        """
        return Architecture(space, space.validate(tokens))

    @cached_property
    def values(self) -> dict[str, Value]:
        """The decided values by name: active decisions only, anchors as tuples of labels."""
        return self.space.values(self.tokens)

    @cached_property
    def graph(self) -> Graph:
        """The network, not yet bound to a task.

        Raises:
          NasctlError: The dialect has no networks (plain choices).
        """
        return self.space.graph_builder.graph(self.values)

    def cost(self, signature: Signature) -> Cost:
        """Static cost of the network.

        Args:
          signature: Shape of the input and number of outputs.
        """
        return measure_cost(bind(self.graph, signature))

    def hash(self, signature: Signature) -> str:
        """Canonical hash of the network: equal for token strings that stand for the same network.

        Args:
          signature: Shape of the input and number of outputs.
        """
        return canonical_hash(bind(self.graph, signature))

    def build(self, signature: Signature, *, seed: int = 0) -> Network:
        """The network as a Flax NNX module with freshly drawn parameters.

        Args:
          signature: Shape of the input and number of outputs.
          seed: Seed of the parameters.
        """
        from nasctl.lowering import build  # imports JAX, which reading and drawing do without

        return build(bind(self.graph, signature), seed=seed)

    def document(
        self,
        *,
        task: TaskInfo | None = None,
        training: TrainingConfig | None = None,
        results: Mapping[str, object] | None = None,
        origin: Mapping[str, object] | None = None,
    ) -> dict[str, Any]:
        """The architecture as the JSON values of an `arch.json` (`docs/arch.schema.json`).

        Args:
          task: The data set that it was measured on. If it is given, the document states the network's cost on it.
          training: The settings of the training that measured it.
          results: Measured results, such as the reward and the accuracy on each split.
          origin: Where it comes from, such as the run, the trial and the seed.
        """
        cost = self.cost(task.signature) if task is not None else None
        return document_to_json(
            self.space,
            self.tokens,
            task=task,
            cost=cost,
            training=training,
            results=results,
            origin=origin,
        )

    def save(
        self,
        path: str | Path,
        *,
        task: TaskInfo | None = None,
        results: Mapping[str, object] | None = None,
        origin: Mapping[str, object] | None = None,
    ) -> None:
        """Writes an `arch.json`.

        Args:
          path: The file to write.
          task: As in `document`.
          results: As in `document`.
          origin: As in `document`.
        """
        save_document(self.document(task=task, results=results, origin=origin), path)

    @staticmethod
    def load(path: str | Path) -> Architecture:
        """Reads the architecture of an `arch.json`.

        Args:
          path: The file, or a checkpoint or run folder that contains one.

        Raises:
          NasctlError: The file does not exist, or it is not a complete and valid `arch.json`.
        """
        document = load_document(path)
        return Architecture(document.space, document.tokens)
