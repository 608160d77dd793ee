"""A session: the time from the start of a searching process to its end. A run that is resumed has several."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Session:
    """A process that searched in a run.

    Attributes:
      process: Its number in the operating system.
      host: The machine that it ran on.
      workers: Children that it evaluated at once.
      started: When, as ISO 8601 in UTC.
      ended: When it stopped in good order; None while it runs, and where it was killed.
      stopped: Why it stopped.
    """

    process: int
    host: str
    workers: int
    started: str
    ended: str | None
    stopped: str
