"""The errors that nasctl raises on purpose; the command line prints them in one place and never a traceback."""

from __future__ import annotations


class NasctlError(Exception):
    """What the person gave cannot be used (exit code 2).

    Attributes:
      message: What is wrong, in the person's words, with the place.
      hint: What to do about it, or an empty string.
    """

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class WorkFailed(NasctlError):
    """The input was fine but the work could not be done, as when every child fails (exit code 1)."""

    exit_code = 1


class NotFinite(WorkFailed):
    """A loss or a reward became NaN or infinite."""
