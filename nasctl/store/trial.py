"""What `trials.sqlite` stores: finished trials, open trials and sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from nasctl.space import Tokens

Status = Literal["complete", "out_of_memory", "not_finite", "timed_out", "crashed", "lost", "invalid"]
"""How a trial ended. A trial with another status than `complete` has a cause and no reward."""

COMPLETE: Status = "complete"


@dataclass(frozen=True)
class Trial:
    """A finished trial.

    Attributes:
      number: Its number, from 0, in the order of the proposals.
      tokens: Its token string.
      status: How it ended.
      reward: The reward that the controller observes; None unless the trial is complete.
      metrics: All other measurements, by name.
      architecture_hash: Canonical hash of the network, or of the token string if the space has no networks.
      seed: Seed of the child's parameters and of the order of its data.
      seconds: Wall-clock time of the evaluation.
      reused: Number of an earlier trial of the same network whose results were reused; None if the network was
        evaluated.
      rejected: Number of token strings that were proposed for this trial before and violated a constraint.
      cause: One line about the failure; empty if the trial is complete.
      traceback: The traceback of the failure.
      history: Metrics after each epoch; empty if the evaluation has no epochs.
    """

    number: int
    tokens: Tokens
    status: Status
    reward: float | None
    metrics: Mapping[str, float] = field(default_factory=dict)
    architecture_hash: str = ""
    seed: int = 0
    seconds: float = 0.0
    reused: int | None = None
    rejected: int = 0
    cause: str = ""
    traceback: str = ""
    history: tuple[Mapping[str, float], ...] = ()

    def to_json(self) -> dict[str, object]:
        """The trial as a JSON object, as `nasctl trials --json` prints it. Only failed trials have a traceback."""
        return {
            "number": self.number,
            "tokens": list(self.tokens),
            "reward": self.reward,
            "status": self.status,
            "metrics": dict(self.metrics),
            "architecture_hash": self.architecture_hash,
            "seed": self.seed,
            "seconds": self.seconds,
            "reused": self.reused,
            "rejected": self.rejected,
            "cause": self.cause,
            **({"traceback": self.traceback} if self.traceback else {}),
        }


@dataclass(frozen=True)
class OpenTrial:
    """A trial that was proposed and has not finished. A resumed run evaluates its open trials first.

    Attributes:
      number: Its number.
      tokens: Its token string.
      rejected: Number of token strings that were proposed for this trial before and violated a constraint.
      started: Time at which its evaluation started, in ISO 8601 and UTC; None if it has not started.
      last_epoch: Metrics of the last epoch of its child; empty before the first.
      crashes: Number of sessions that crashed or were killed while it was being evaluated.
    """

    number: int
    tokens: Tokens
    rejected: int
    started: str | None
    last_epoch: Mapping[str, float]
    crashes: int = 0

    def to_json(self) -> dict[str, object]:
        """The trial as a JSON object."""
        return {
            "number": self.number,
            "tokens": list(self.tokens),
            "started": self.started,
            "last_epoch": dict(self.last_epoch),
        }


@dataclass(frozen=True)
class Session:
    """A process that searched in a run. A run has one session for its start and one for each time it was resumed.

    Attributes:
      process: Process id.
      host: Host name of the machine.
      workers: Number of children evaluated in parallel.
      started: Start time, in ISO 8601 and UTC.
      ended: End time; None while the process is running, or if it was killed.
      stopped: Why the search stopped.
    """

    process: int
    host: str
    workers: int
    started: str
    ended: str | None
    stopped: str
