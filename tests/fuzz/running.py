"""Makes inputs of a kind, hands them to nasctl within limits, and says how each ended."""

from __future__ import annotations

import contextlib
import io
import resource
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any, Literal

SECONDS = 2.0
"""Greatest processor time of an input."""

MEMORY = 10**9
"""Bytes that an input may add to the address space of the process; if it starts threads, whose stacks are large but
empty, bytes that it may add to the memory in use."""

Result = Literal["accepted", "refused", "wrong", "error", "slow", "memory", "died"]
"""How an input ended: accepted or refused with a message, as it should be; accepted although a property does not hold;
another exception than NasctlError; more processor time or memory than allowed; the process ended or hung."""

GOOD: tuple[Result, ...] = ("accepted", "refused")


@dataclass(frozen=True)
class Kind:
    """A kind of input.

    Attributes:
      name: Its name in commands and tables.
      share: Its share of all inputs, relative to the other kinds.
      make: Makes an input from a random state.
      attempt: Hands an input to nasctl. It may write into the folder that it is given. It returns if nasctl accepts the
        input, raises NasctlError if nasctl refuses it, and AssertionError if a property does not hold.
      make_ready: Imports and reads what `attempt` needs, outside of its limits.
      threads: Whether `attempt` starts threads.
    """

    name: str
    share: int
    make: Callable[[Random], Any]
    attempt: Callable[[Any, Path], None]
    make_ready: Callable[[], object] = lambda: None
    threads: bool = False


@dataclass(frozen=True)
class Outcome:
    """How an input ended.

    Attributes:
      result: In one word.
      seconds: Processor time.
      place: The exception and the innermost line of nasctl that raised it; equal for failures of the same cause.
      detail: The traceback.
    """

    result: Result
    seconds: float
    place: str = ""
    detail: str = ""


class OverTime(BaseException):
    """An input has used more processor time than allowed. No handler of `Exception` catches it."""


def make_input(kind: Kind, seed: int, number: int) -> Any:
    """The input of a number: always the same for the same seed."""
    return kind.make(Random(f"{seed} {kind.name} {number}"))


def attempt(kind: Kind, value: Any, folder: Path) -> Outcome:
    """Hands an input to nasctl.

    Args:
      kind: The kind.
      value: The input.
      folder: A folder for temporary files.
    """
    from nasctl.errors import NasctlError

    error: BaseException | None = None
    refused = False
    memory = _most_memory()
    start = time.process_time()
    try:
        with _processor_limit():
            kind.attempt(value, folder)
    except NasctlError as raised:
        refused = True
        if not raised.message.strip():
            error = AssertionError("the message is empty")
        elif "bug in nasctl" in raised.message:
            error = AssertionError(raised.message)
    except OverTime as raised:
        error = raised
    except (Exception, SystemExit) as raised:
        error = raised
    seconds = time.process_time() - start
    if error is None and seconds > SECONDS:
        error = OverTime()
    if error is None and _most_memory() - memory > MEMORY:
        error = MemoryError()
    if error is None:
        return Outcome("refused" if refused else "accepted", seconds)
    result: Result = "error"
    if isinstance(error, OverTime):
        result = "slow"
    elif isinstance(error, MemoryError):
        result = "memory"
    elif isinstance(error, AssertionError) and not _place(error).startswith("nasctl"):
        result = "wrong"
    detail = "".join(traceback.format_exception(error, limit=-25))
    place = f"{type(error).__name__} at {_place(error)}"
    if result == "wrong":
        place = f"{place} {str(error)[:60]!r}"
    return Outcome(result, seconds, place, detail[-6000:])


@contextlib.contextmanager
def memory_limit(kind: Kind) -> Iterator[None]:
    """Limits what the process may add to its address space."""
    if kind.threads:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


class Captured:
    """Standard output and standard error as files in UTF-8."""

    def __init__(self) -> None:
        self._out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
        self._err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace", newline="")

    @contextlib.contextmanager
    def streams(self) -> Iterator[None]:
        """Replaces the streams of the process."""
        with contextlib.redirect_stdout(self._out), contextlib.redirect_stderr(self._err):
            yield

    @property
    def output(self) -> str:
        """What was printed to standard output."""
        return _content(self._out)

    @property
    def errors(self) -> str:
        """What was printed to standard error."""
        return _content(self._err)


def _content(stream: io.TextIOWrapper) -> str:
    stream.flush()
    written = stream.buffer
    assert isinstance(written, io.BytesIO)
    return written.getvalue().decode("utf-8")


@contextlib.contextmanager
def _processor_limit() -> Iterator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise OverTime

    previous = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS, 0.2)  # again, if the first is lost in a finaliser
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)


def _most_memory() -> int:
    """The largest amount of memory that the process has had in use, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _place(error: BaseException) -> str:
    """The innermost line of nasctl in a traceback; of the tests, if a test finds that a property does not hold."""
    frames = list(traceback.extract_tb(error.__traceback__))
    if isinstance(error, OverTime):
        frames = [frame for frame in frames if frame.name != "stop"]
    tested = [frame for frame in frames if Path(frame.filename).parent == Path(__file__).parent]
    inside = [frame for frame in frames if "/nasctl/" in frame.filename and frame not in tested]
    found = tested if frames[-1:] == tested[-1:] or not inside else inside
    if not found:
        return ""
    name = found[-1].filename.rpartition("/nasctl/" if found is inside else "/tests/")[2]
    return f"{'nasctl' if found is inside else 'tests'}/{name}:{found[-1].lineno} {found[-1].name}"
