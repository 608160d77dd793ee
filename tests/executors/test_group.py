from collections.abc import Sequence

from nasctl.dialects import parse_space
from nasctl.errors import NotFinite
from nasctl.executors import Evaluation, GroupExecutor, Job

SPACE = parse_space("space choices\np in {0, 1}\n", name="plain")
JOBS = [Job(number, SPACE.decode((0,)), seed=number) for number in range(5)]


class Fake:
    """Notes the groups; job 1 has no finite reward, job 2 fails."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []

    def prepare(self, job: Job):
        raise AssertionError("jobs of a group are not prepared one by one")

    def together(self, jobs: Sequence[Job]) -> list[Evaluation | Exception]:
        self.groups.append([job.number for job in jobs])
        if self.groups[-1] == [4]:
            raise MemoryError("no room")
        special = {1: Evaluation(float("nan")), 2: NotFinite("the loss is no number any more")}
        return [special.get(job.number, Evaluation(float(job.number))) for job in jobs]


def test_jobs_come_in_groups_and_each_has_its_own_outcome() -> None:
    evaluator = Fake()
    outcomes = list(GroupExecutor(evaluator, 2).run(iter(JOBS), evaluator))
    assert evaluator.groups == [[0, 1], [2, 3], [4]]
    assert [outcome.job.number for outcome in outcomes] == [0, 1, 2, 3, 4]
    assert [outcome.status for outcome in outcomes] == [
        "complete",
        "not_finite",
        "not_finite",
        "complete",
        "out_of_memory",
    ]


def test_a_group_begins_only_when_its_outcomes_are_asked_for() -> None:
    evaluator = Fake()
    running = GroupExecutor(evaluator, 2).run(iter(JOBS), evaluator)
    next(running)
    assert evaluator.groups == [[0, 1]]
