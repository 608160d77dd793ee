from asyncio import CancelledError
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, cast

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


class Exits(Exception):
    def __str__(self) -> str:
        raise SystemExit(0)


class Untyped(Exception):
    @property
    def __class__(self) -> Any:
        raise RuntimeError("no class")


class Nameless(type):
    @property
    def __name__(cls) -> Any:  # type: ignore[override]
        raise RuntimeError("no name")


class WithoutName(Exception, metaclass=Nameless):
    pass


class Strange(str):
    def __format__(self, _: str) -> str:
        raise RuntimeError("no format")

    def __contains__(self, _: object) -> bool:
        raise RuntimeError("contains nothing")


class WithStrangeMessage(Exception):
    def __str__(self) -> str:
        return Strange("strange")


class WithoutMessage(NasctlError):
    def __init__(self) -> None:
        pass


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


@pytest.mark.parametrize(
    ("make", "status", "cause"),
    [
        pytest.param(Exits, "crashed", "Exits: its message cannot be read", id="exits"),
        pytest.param(Untyped, "crashed", "Untyped:", id="untyped"),
        pytest.param(WithoutName, "crashed", "WithoutName:", id="without name"),
        pytest.param(WithStrangeMessage, "crashed", "WithStrangeMessage: strange", id="strange message"),
        pytest.param(WithoutMessage, "invalid", "WithoutMessage", id="without message"),
        pytest.param(lambda: NasctlError(cast(str, 5)), "invalid", "5", id="a number as message"),
    ],
)
def test_errors_whose_own_code_raises_are_outcomes(
    make: Callable[[], Exception], status: str, cause: str
) -> None:
    def evaluate(_: Any) -> Any:
        raise make()

    prepared: Future[Any] = Future()
    prepared.set_result(evaluate)
    outcome = finish(JOB, prepared, lambda _: None)
    assert (outcome.status, outcome.cause) == (status, cause)
    assert type(outcome.cause) is str and type(outcome.traceback) is str


def test_an_interruption_ends_the_search() -> None:
    def evaluate(_: Any) -> Any:
        raise KeyboardInterrupt

    prepared: Future[Any] = Future()
    prepared.set_result(evaluate)
    with pytest.raises(KeyboardInterrupt):
        finish(JOB, prepared, lambda _: None)
