"""Interruptions of the command line: Ctrl-C, and the signals with which a system asks a process to end.

The first signal raises `Interrupted` in the main thread, so that the work ends in an orderly way: the session of a run
is closed, its workers are stopped, temporary files are removed. Then the process exits at once. It does not take the
interpreter apart first: JAX may crash there if it was interrupted while it compiled a program.

A process that only imports nasctl keeps its signals.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

PATIENCE = 2.0
"""Seconds after a signal in which further ones have no effect, so that they do not disturb the orderly end."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_received: int | None = None
_raised_at = float("-inf")
_explained = False


class Interrupted(KeyboardInterrupt):
    """The process was asked to end."""


def run_interruptible(command: Callable[[], None]) -> None:
    """Runs a command. If it is interrupted, says so and exits with the code 128 + number of the signal.

    The codes are 130 for Ctrl-C (SIGINT), 143 for SIGTERM and 129 for SIGHUP. A signal that the process was started to
    ignore, as by `nohup`, stays ignored.
    """
    handled = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    for number in handled:
        signal.signal(number, _interrupt)
    sys.unraisablehook = _report_unraisable
    try:
        command()
    except BaseException:  # a library may have turned the interruption into an error of its own
        if _received is None:
            raise
    finally:  # the work is done: a signal while Python exits has no effect
        for number in handled:
            signal.signal(number, signal.SIG_IGN)
        if _received is not None:
            _exit_at_once(_received)


def check() -> None:
    """Raises `Interrupted` if a signal was received, in case that a library has swallowed the exception."""
    if _received is not None:
        raise Interrupted


def explained() -> None:
    """Notes that the user was told about the interruption."""
    global _explained
    _explained = True


def _interrupt(number: int, frame: FrameType | None) -> None:
    global _received, _raised_at
    _received = number if _received is None else _received
    now = time.monotonic()
    if now - _raised_at > PATIENCE:
        _raised_at = now
        raise Interrupted


def _report_unraisable(raised: sys.UnraisableHookArgs) -> None:
    """Reports an exception that Python drops. An interruption is not lost: `check` raises it again."""
    if not isinstance(raised.exc_value, Interrupted):
        sys.__unraisablehook__(raised)


def _exit_at_once(number: int) -> None:
    with suppress(BaseException):
        if not _explained:
            sys.stderr.write("interrupted\n")
    for stream in (sys.stdout, sys.stderr):
        with suppress(BaseException):
            stream.flush()
    os._exit(128 + number)
