"""Worker processes evaluate, report and save. If one exits or exceeds a limit, only its job is affected."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nasctl.dialects import parse_space
from nasctl.errors import NasctlError, WorkFailed
from nasctl.executors import EvaluatorSpec, Job, Outcome, PoolExecutor, ProcessBackend, WorkerLost
from nasctl.executors.messages import job_message, read_job
from nasctl.executors.process_backend import WorkerProcess
from nasctl.process import import_path

Pool = PoolExecutor[WorkerProcess]
TEXT = "space choices\ndoes in {0, 1, 2, 3, 4, 5, 6}\n"
SPACE = parse_space(TEXT, name="plain")
FINE, DIES_ONCE, DIES, SLEEPS, EATS, FAULTS, TRAINS = range(7)

MODULE = f"""
import json, os, signal, sys, time
from pathlib import Path
from nasctl.dialects import parse_space
from nasctl.errors import NasctlError
from nasctl.executors import Evaluation, EvaluationContext

class Evaluator:
    prepares = True

    def __init__(self, folder):
        self.folder = Path(folder)

    def prepare(self, job):
        return lambda on_epoch: self.run(job, on_epoch)

    def run(self, job, on_epoch):
        (self.folder / f"{{job.number}}.pid").write_text(str(os.getpid()))
        does = job.architecture.tokens[0]
        if does == {DIES_ONCE} and not (self.folder / "died").exists():
            (self.folder / "died").write_text("")
            os.kill(os.getpid(), signal.SIGKILL)
        if does == {DIES}:
            os.kill(os.getpid(), signal.SIGKILL)
        if does == {FAULTS}:
            os.abort()
        if does == {SLEEPS}:
            time.sleep(60)
        if does == {EATS}:
            hold = [bytearray(os.urandom(1)) * 10**8 for _ in range(20)]
            time.sleep(60)
        if does == {TRAINS}:
            time.sleep(0.3)
        print("a word of", job.number)
        on_epoch({{"epoch": 1, "reward": 0.5}})
        def save(folder, document):
            folder.mkdir()
            (folder / "weights").write_text(str(job.seed))
            return {{**document, "saved": job.number}}
        return Evaluation(0.5 + job.number, {{"pid": float(os.getpid())}}, ({{"epoch": 1}},), save)

def make(text, folder):
    return EvaluationContext(parse_space(text, name="plain"), Evaluator(folder))

def refuse(**arguments):
    raise NasctlError("there is no such data set", hint="name another")

def fail(**arguments):
    raise ValueError("a surprise")

def vanish(**arguments):
    os._exit(3)
"""


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Callable[..., Pool]]:
    (tmp_path / "made_for_a_test.py").write_text(MODULE)
    opened: list[Pool] = []

    def start(workers: int = 1, *, maker: str = "make", gigabytes: float = 0.0, **options: float) -> Pool:
        spec = EvaluatorSpec(f"made_for_a_test:{maker}", {"text": TEXT, "folder": str(tmp_path)})
        path = [*import_path(), str(tmp_path)]
        backend = ProcessBackend(spec, [{}] * workers, path=path, gigabytes=gigabytes, logs=tmp_path / "logs")
        executor = PoolExecutor(backend, **options)  # type: ignore[arg-type]
        opened.append(executor)
        return executor

    yield start
    for executor in opened:
        executor.close()


def job(number: int, does: int = FINE) -> Job:
    return Job(number, SPACE.decode((does,)), seed=100 + number)


def run(executor: Pool, listener: object, *jobs: Job) -> dict[int, Outcome]:
    for each in jobs:
        executor.submit(each)
    outcomes: dict[int, Outcome] = {}
    while len(outcomes) < len(jobs):
        for outcome in executor.wait(listener):  # type: ignore[arg-type]
            assert outcome.job.number not in outcomes
            outcomes[outcome.job.number] = outcome
    return outcomes


def test_jobs_are_shared_among_workers_and_reported(pool, listener, tmp_path: Path) -> None:
    outcomes = run(pool(2), listener, *(job(number, TRAINS) for number in range(6)))
    assert {number: outcome.status for number, outcome in outcomes.items()} == dict.fromkeys(
        range(6), "complete"
    )
    assert all(o.evaluation and o.evaluation.reward == 0.5 + n for n, o in outcomes.items())
    assert all(o.evaluation and o.evaluation.history == ({"epoch": 1},) for o in outcomes.values())
    processes = {outcome.evaluation.metrics["pid"] for outcome in outcomes.values() if outcome.evaluation}
    assert len(processes) == 2
    assert os.getpid() not in processes
    assert sorted(listener.started) == sorted(number for number, _ in listener.epochs) == list(range(6))
    logs = "".join(path.read_text() for path in (tmp_path / "logs").iterdir())
    assert all(f"a word of {number}" in logs for number in range(6))


def test_what_was_trained_is_saved_by_the_worker(pool, listener, tmp_path: Path) -> None:
    executor = pool(1, ahead=1)
    executor.submit(job(1))
    executor.submit(job(2, TRAINS))
    (outcome,) = executor.wait(listener)
    assert outcome.evaluation is not None and outcome.evaluation.save is not None
    document = outcome.evaluation.save(tmp_path / "kept", {"format": "x"})
    assert document == {"format": "x", "saved": 1}
    assert (tmp_path / "kept" / "weights").read_text() == "101"
    (other,) = executor.wait(listener)
    assert other.job.number == 2
    assert outcome.evaluation.save is not None
    with pytest.raises(WorkFailed, match="cannot be saved"):  # dropped by the next `wait`
        outcome.evaluation.save(tmp_path / "again", {})
    executor.close()
    assert other.evaluation is not None and other.evaluation.save is not None
    with pytest.raises(WorkerLost):
        other.evaluation.save(tmp_path / "late", {})


def test_a_job_whose_worker_was_lost_is_run_once_more(pool, listener) -> None:
    outcomes = run(pool(1, ahead=1), listener, job(0, DIES_ONCE), job(1))
    assert [outcomes[number].status for number in (0, 1)] == ["complete", "complete"]
    assert listener.started.count(0) == 2
    assert listener.started.count(1) == 1


def test_a_job_that_costs_two_workers_has_failed_and_the_others_go_on(pool, listener) -> None:
    outcomes = run(pool(1), listener, job(0, DIES), job(1, FAULTS), job(2))
    assert [outcomes[number].status for number in range(3)] == ["lost", "crashed", "complete"]
    assert "SIGKILL" in outcomes[0].cause
    assert "memory" in outcomes[0].cause
    assert "SIGABRT" in outcomes[1].cause


def test_a_worker_that_is_killed_from_outside_is_replaced(pool, listener, tmp_path: Path) -> None:
    executor = pool(1, seconds=30)
    run(executor, listener, job(0))
    os.kill(int((tmp_path / "0.pid").read_text()), signal.SIGKILL)
    time.sleep(0.1)
    assert run(executor, listener, job(1))[1].status == "complete"


def test_a_child_that_takes_too_long_is_stopped(pool, listener) -> None:
    started = time.monotonic()
    outcomes = run(pool(2, seconds=0.5), listener, job(0, SLEEPS), job(1), job(2))
    assert outcomes[0].status == "timed_out"
    assert outcomes[0].seconds >= 0.5
    assert "0.5 s" in outcomes[0].cause
    assert [outcomes[number].status for number in (1, 2)] == ["complete", "complete"]
    assert time.monotonic() - started < 30
    assert listener.started.count(0) == 1


def test_a_child_that_takes_too_much_memory_is_stopped(pool, listener) -> None:
    outcomes = run(pool(1, gigabytes=0.5), listener, job(0, EATS), job(1))
    assert [outcomes[number].status for number in (0, 1)] == ["out_of_memory", "complete"]
    assert "0.5 GB" in outcomes[0].cause
    assert listener.started.count(0) == 1


def test_waiting_ends_with_the_time_that_it_is_given(pool, listener) -> None:
    executor = pool(1)
    executor.submit(job(0, SLEEPS))
    started = time.monotonic()
    assert executor.wait(listener, seconds=0.3) == []
    assert 0.3 <= time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("maker", "kind", "message"),
    [
        ("refuse", NasctlError, "there is no such data set"),
        ("fail", WorkFailed, "a worker cannot start: ValueError: a surprise"),
        ("vanish", WorkFailed, "exited before it was ready .exit code 3."),
    ],
)
def test_workers_that_cannot_begin_end_the_search(
    pool, listener, maker: str, kind: type[NasctlError], message: str
) -> None:
    executor = pool(1, maker=maker)
    executor.submit(job(0))
    with pytest.raises(kind, match=message):
        executor.wait(listener)


def test_workers_end_with_the_process_that_started_them(pool, listener, tmp_path: Path) -> None:
    executor = pool(1)
    run(executor, listener, job(0))
    process = executor._workers[0].process
    executor._workers[0].connection.close()  # as when this process exits
    assert process.wait(10) == 0


def test_messages_are_plain_json(tmp_path: Path) -> None:
    sent = json.loads(json.dumps(job_message(job(3, SLEEPS))))
    assert read_job(sent, SPACE) == job(3, SLEEPS)
