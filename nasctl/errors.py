"""The errors that nasctl raises for its users. The command line prints them without a traceback."""

from __future__ import annotations


class NasctlError(Exception):
    """The user's input cannot be used.

    Attributes:
      message: What is wrong, and where.
      hint: What the user can do about it, or an empty string.
      exit_code: The exit code of the command line: 2.
    """

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class WorkFailed(NasctlError):
    """The input is valid but the work failed, for example because every child failed. The exit code is 1."""

    exit_code = 1


class NotFinite(WorkFailed):
    """A loss or a reward is NaN or infinite."""
