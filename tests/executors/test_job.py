from asyncio import CancelledError
from concurrent.futures import Future
from typing import Any

import pytest

from nasctl.dialects import parse_space
from nasctl.errors import NasctlError
from nasctl.executors import Job
from nasctl.executors.job import finish

SPACE = parse_space("space choices\n\na in {1, 2}\n", name="toy")
JOB = Job(0, SPACE.decode((0,)), seed=0)


class Unreadable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no message")


@pytest.mark.parametrize(
    ("error", "status", "cause"),
    [
        (NasctlError(""), "invalid", "NasctlError"),
        (NasctlError("\n"), "invalid", "NasctlError"),
        (ValueError(), "crashed", "ValueError:"),
        (ValueError("first\nsecond"), "crashed", "ValueError: first"),
        (Unreadable(), "crashed", "Unreadable: its message cannot be read"),
        (SystemExit(3), "crashed", "SystemExit: 3"),
        (GeneratorExit(), "crashed", "GeneratorExit:"),
        (CancelledError(), "crashed", "CancelledError:"),
        (BaseExceptionGroup("two", [SystemExit(1)]), "crashed", "BaseExceptionGroup: two (1 sub-exception)"),
        (OSError("caf\udce9.npz"), "crashed", "OSError: caf\\udce9.npz"),
    ],
)
def test_every_error_of_an_evaluator_is_an_outcome(error: BaseException, status: str, cause: str) -> None:
    def evaluate(_: Any) -> Any:
        raise error

    prepared: Future[Any] = Future()
    prepared.set_result(evaluate)
    outcome = finish(JOB, prepared, lambda _: None)
    assert (outcome.status, outcome.cause) == (status, cause)
    (outcome.cause + outcome.traceback).encode()  # what the store can write
    assert type(error).__name__ in outcome.traceback


def test_an_interruption_ends_the_search() -> None:
    def evaluate(_: Any) -> Any:
        raise KeyboardInterrupt

    prepared: Future[Any] = Future()
    prepared.set_result(evaluate)
    with pytest.raises(KeyboardInterrupt):
        finish(JOB, prepared, lambda _: None)
