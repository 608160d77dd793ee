"""A trial that was proposed and has not ended: what a run that is killed and resumed evaluates first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nasctl.space import Tokens


@dataclass(frozen=True)
class OpenTrial:
    """A proposed trial.

    Attributes:
      number: Its number.
      tokens: The token string.
      rejected: Token strings that were sampled for it before and broke a constraint.
      started: When its evaluation began, as ISO 8601 in UTC; None while it waits.
      last_epoch: The record of the last epoch that its child was trained for; empty before the first.
    """

    number: int
    tokens: Tokens
    rejected: int
    started: str | None
    last_epoch: Mapping[str, float]

    def to_json(self) -> dict[str, object]:
        """The trial as one JSON object."""
        return {
            "number": self.number,
            "tokens": list(self.tokens),
            "started": self.started,
            "last_epoch": dict(self.last_epoch),
        }
