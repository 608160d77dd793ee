"""One trial: a token string that was evaluated, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from nasctl.space import Tokens

Status = Literal["complete", "out_of_memory", "not_finite", "timed_out", "crashed", "lost", "invalid"]
"""How a trial ended. All but `complete` have a cause and no reward of their own."""

COMPLETE: Status = "complete"


@dataclass(frozen=True)
class Trial:
    """A finished trial.

    Attributes:
      number: From 0, in the order in which the controller proposed.
      tokens: The token string.
      status: How it ended.
      reward: What the controller learns from; None unless complete.
      metrics: All else that was measured, by name.
      architecture_hash: Canonical hash of the network (of the token string for spaces without networks).
      seed: Seed of the child's parameters and data order.
      seconds: Wall-clock time that it took.
      reused: Number of the earlier trial of the same network whose results these are, if it was not run again.
      rejected: Token strings that were sampled for this trial before it and broke a constraint.
      cause: Why it failed, in one line.
      traceback: The failure in full.
      history: What was measured after each epoch, where there were epochs.
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
        """The trial as one JSON object, as `nasctl trials --json` prints it."""
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
        }
