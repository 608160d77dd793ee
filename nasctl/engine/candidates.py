"""From a controller's token strings to candidates that may be run: decoded, counted, within the constraints."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import numpy as np

from nasctl.architecture import Architecture, TaskRecord
from nasctl.controllers import Controller
from nasctl.errors import WorkFailed
from nasctl.executors import Job
from nasctl.graph import bind, canonical_hash, measure_cost
from nasctl.space import Constraint, Space, Tokens

MAX_REJECTIONS = 1000
"""Token strings sampled for one trial that may break a constraint before the search gives up."""


@dataclass(frozen=True)
class Candidate:
    """A token string that is to become a trial.

    Attributes:
      number: Number of the trial.
      architecture: What it decodes to.
      architecture_hash: Canonical hash of the network, or hash of the string where there is no network.
      cost: Static costs by name; empty where there is no network.
      rejected: Token strings sampled for this trial before it that broke a constraint.
    """

    number: int
    architecture: Architecture
    architecture_hash: str
    cost: Mapping[str, float]
    rejected: int

    def job(self, run_seed: int) -> Job:
        """The job that evaluates it, with a seed of its own."""
        seed = int(np.random.SeedSequence([run_seed, self.number]).generate_state(1)[0])
        return Job(self.number, self.architecture, seed)


def propose(
    controller: Controller, space: Space, task: TaskRecord | None, numbers: range, wanted: Iterable[int]
) -> list[Candidate]:
    """Candidates for some trials of a batch; strings that break a static constraint are sampled again.

    Args:
      controller: Proposes the strings.
      space: Whose constraints they keep.
      task: What the networks are measured on; None for spaces without networks.
      numbers: The batch.
      wanted: Those of its trials that are needed.

    Raises:
      WorkFailed: `MAX_REJECTIONS` strings in a row break a constraint.
    """
    strings = controller.propose(numbers.start, len(numbers))
    return [
        _keep_constraints(controller, space, task, number, strings[number - numbers.start])
        for number in wanted
    ]


def _keep_constraints(
    controller: Controller, space: Space, task: TaskRecord | None, number: int, tokens: Tokens
) -> Candidate:
    for rejected in range(MAX_REJECTIONS):
        candidate = _candidate(space, task, number, tokens, rejected)
        broken = broken_constraint(space.constraints, candidate.cost)
        if broken is None:
            return candidate
        (tokens,) = controller.propose(number, 1, attempt=rejected + 1)
    raise WorkFailed(
        f"{MAX_REJECTIONS} strings in a row broke a constraint of space {space.name}, the last `require {broken}`",
        hint="loosen the constraint, or take choices out of the space that can never keep it",
    )


def _candidate(
    space: Space, task: TaskRecord | None, number: int, tokens: Tokens, rejected: int
) -> Candidate:
    architecture = space.decode(tokens)
    if task is None:
        digest = hashlib.sha256(repr(tokens).encode()).hexdigest()
        return Candidate(number, architecture, digest, {}, rejected)
    graph = bind(architecture.graph, task.signature)
    return Candidate(number, architecture, canonical_hash(graph), asdict(measure_cost(graph)), rejected)


def broken_constraint(constraints: Iterable[Constraint], measures: Mapping[str, float]) -> Constraint | None:
    """The first constraint on one of these measures that does not hold."""
    for constraint in constraints:
        if constraint.measure in measures and not constraint.holds(measures[constraint.measure]):
            return constraint
    return None
