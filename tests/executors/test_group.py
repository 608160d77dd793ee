from collections.abc import Callable, Sequence

from nasctl.dialects import parse_space
from nasctl.errors import NotFinite
from nasctl.executors import Evaluation, GroupExecutor, Job

SPACE = parse_space("space choices\np in {0, 1}\n", name="plain")
JOBS = [Job(number, SPACE.decode((0,)), seed=number) for number in range(5)]


class Fake:
    """Records the groups. The reward of job 1 is not finite, and job 2 fails."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []

    def evaluate(
        self, jobs: Sequence[Job], on_epoch: Callable[[Job, dict[str, float]], None]
    ) -> list[Evaluation | Exception]:
        self.groups.append([job.number for job in jobs])
        if self.groups[-1] == [4]:
            raise MemoryError("no room")
        for job in jobs:
            on_epoch(job, {"epoch": 1})
        special = {1: Evaluation(float("nan")), 2: NotFinite("the loss is NaN")}
        return [special.get(job.number, Evaluation(float(job.number))) for job in jobs]


def test_jobs_come_in_groups_and_each_has_its_own_outcome(listener) -> None:
    evaluator = Fake()
    executor = GroupExecutor(evaluator, 2)
    for job in JOBS:
        executor.submit(job)
    outcomes = [outcome for _ in range(3) for outcome in executor.wait(listener)]
    assert evaluator.groups == [[0, 1], [2, 3], [4]]
    assert listener.started == [0, 1, 2, 3, 4]
    assert listener.epochs == [(0, 1), (1, 1), (2, 1), (3, 1)]
    assert [outcome.job.number for outcome in outcomes] == [0, 1, 2, 3, 4]
    assert [outcome.status for outcome in outcomes] == [
        "complete",
        "not_finite",
        "not_finite",
        "complete",
        "out_of_memory",
    ]
    assert executor.wait(listener) == []


def test_a_group_begins_only_when_its_outcomes_are_asked_for(listener) -> None:
    evaluator = Fake()
    executor = GroupExecutor(evaluator, 2)
    for job in JOBS:
        executor.submit(job)
    assert evaluator.groups == []
    executor.wait(listener)
    assert evaluator.groups == [[0, 1]]
