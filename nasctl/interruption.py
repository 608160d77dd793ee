"""Interruptions of the command line: Ctrl-C, and the signals with which a system asks a process to end.

The first signal raises `Interrupted` in the main thread. `finally` blocks and context managers then close the session
of a run, stop its workers and remove temporary files. After that, the process exits at once, without the shutdown of
the interpreter: JAX may crash in it if it was interrupted while it compiled a program.

While a library in C is being loaded, the exception waits: JAX's library runs Python code meanwhile, and the process
crashes if that code raises an exception.

A process that only imports nasctl keeps its own signal handlers.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.machinery import ExtensionFileLoader
from types import FrameType

PATIENCE = 2.0
"""Seconds after a signal in which further signals have no effect, so that they do not interrupt the clean-up."""

_AGAIN = 0.02
"""Seconds after which an exception that has to wait is tried again."""

_LOADING = (ExtensionFileLoader.create_module.__code__, ExtensionFileLoader.exec_module.__code__)

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_received: int | None = None
_raised_at = float("-inf")
_explained = False


class Interrupted(KeyboardInterrupt):
    """The process was asked to end."""


def run_interruptible(command: Callable[[], None]) -> None:
    """Runs a command. If a signal interrupts it, prints a message and exits with the code 128 + number of the signal.

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
        for number in (*handled, signal.SIGALRM) if _received is not None else handled:
            signal.signal(number, signal.SIG_IGN)
        if _received is not None:
            _exit_at_once(_received)


def check() -> None:
    """Raises `Interrupted` if a signal was received: a library may have caught the exception."""
    if _received is not None:
        raise Interrupted


def note_explained() -> None:
    """Notes that a message about the interruption was printed, so that no further one is needed."""
    global _explained
    _explained = True


def _interrupt(number: int, frame: FrameType | None) -> None:
    global _received, _raised_at
    _received = number if _received is None else _received
    if _loads_a_library(frame):
        signal.signal(signal.SIGALRM, lambda _, frame: _interrupt(number, frame))
        signal.setitimer(signal.ITIMER_REAL, _AGAIN)
        return
    now = time.monotonic()
    if now - _raised_at > PATIENCE:
        _raised_at = now
        raise Interrupted


def _loads_a_library(frame: FrameType | None) -> bool:
    """Whether Python is loading an extension module, directly or by what the code of the module calls."""
    while frame is not None:
        if frame.f_code in _LOADING:
            return True
        frame = frame.f_back
    return False


def _report_unraisable(raised: sys.UnraisableHookArgs) -> None:
    """Reports an exception that Python cannot raise. `check` raises an interruption again, so it is not reported."""
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
