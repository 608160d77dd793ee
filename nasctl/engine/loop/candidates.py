"""Turns the token strings of a controller into candidates: decoded, with their costs, within the constraints."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from nasctl.arch_json import TaskInfo
from nasctl.architecture import Architecture
from nasctl.controllers import Controller
from nasctl.errors import WorkFailed
from nasctl.executors import Job, Rung
from nasctl.formula import measure_named
from nasctl.graph import bind, canonical_hash, measure_cost
from nasctl.space import Constraint, Space, Tokens

MAX_REJECTIONS = 1000
"""Number of token strings for one trial that may violate a constraint before the search stops."""


@dataclass(frozen=True)
class Candidate:
    """A token string that will become a trial.

    Attributes:
      number: Number of the trial.
      architecture: The architecture that it decodes to.
      architecture_hash: Canonical hash of the network; hash of the token string in spaces without networks.
      cost: Static costs by name; empty in spaces without networks.
      rejected: Number of token strings that were proposed for this trial earlier and violated a constraint.
    """

    number: int
    architecture: Architecture
    architecture_hash: str
    cost: Mapping[str, float]
    rejected: int

    def job(self, run_seed: int, rungs: tuple[Rung, ...] = ()) -> Job:
        """The job that evaluates this candidate, with its own seed."""
        seed = int(np.random.SeedSequence([run_seed, self.number]).generate_state(1)[0])
        return Job(self.number, self.architecture, seed, rungs)


def propose(
    controller: Controller, space: Space, task: TaskInfo | None, number: int, awaited: Sequence[Tokens]
) -> Candidate:
    """Asks the controller for the candidate of a trial, until one satisfies the static constraints.

    Args:
      controller: Proposes token strings.
      space: The space, with its constraints.
      task: The data set on which costs are computed; None in spaces without networks.
      number: Number of the trial.
      awaited: Token strings of earlier trials that the controller has not learned from yet.

    Raises:
      WorkFailed: `MAX_REJECTIONS` strings in a row violate a constraint.
    """
    rejected: list[Tokens] = []
    while len(rejected) < MAX_REJECTIONS:
        pending = [*awaited, *rejected]
        (tokens,) = controller.propose(number, 1, attempt=len(rejected), pending=pending)
        candidate = candidate_of(space, task, number, tokens, len(rejected))
        broken = violated_constraint(space.constraints, candidate.cost)
        if broken is None:
            return candidate
        rejected.append(tokens)
    raise WorkFailed(
        f"{MAX_REJECTIONS} token strings in a row violated a constraint of space {space.name}; "
        f"the last one violated `require {broken}`",
        hint="loosen the constraint, or remove choices that always break it",
    )


def candidate_of(
    space: Space, task: TaskInfo | None, number: int, tokens: Tokens, rejected: int
) -> Candidate:
    """Decodes a token string, and counts the costs of its network."""
    architecture = Architecture.decode(space, tokens)
    if task is None:
        digest = hashlib.sha256(repr(tokens).encode()).hexdigest()
        return Candidate(number, architecture, digest, {}, rejected)
    graph = bind(architecture.graph, task.signature)
    return Candidate(number, architecture, canonical_hash(graph), asdict(measure_cost(graph)), rejected)


def violated_constraint(
    constraints: Iterable[Constraint], measures: Mapping[str, float]
) -> Constraint | None:
    """The first constraint that one of these values violates; None if all hold or have no value yet."""
    for constraint in constraints:
        measure = measure_named(constraint.measure, measures)
        if measure is not None and not constraint.holds(measures[measure]):
            return constraint
    return None
