"""Settings of where children are evaluated: defaults, values that the user set, and refused combinations."""

from __future__ import annotations

import pytest

from nasctl.engine.evaluation.settings import LARGEST_GROUP, resolve_settings
from nasctl.errors import NasctlError
from nasctl.executors import Machine
from nasctl.settings import resolve

CPU, GPU = Machine("cpu", 4, 8 * 10**9, 4), Machine("gpu", 1, 80 * 10**9, 16)
EXCLUDED = [{"halving": 2}, {"child_seconds": 9.0}, {"child_gigabytes": 1.0}, {"workers": 2}]
EXCLUDED += [{"executor": "local"}, {"executor": "ray"}]


def resolved(machine: Machine, *, trains: bool = True, can_group: bool = True, **search: object):
    return resolve_settings(resolve({"search": search}), machine, trains=trains, can_group=can_group)


@pytest.mark.parametrize(
    ("machine", "trains", "given", "executor", "workers", "ahead"),
    [
        (CPU, True, {}, "local", 4, 7),
        (CPU, True, {"workers": 2}, "local", 2, 3),
        (CPU, True, {"executor": "inline"}, "inline", 1, 1),
        (CPU, True, {"executor": "ray"}, "ray", 4, 7),
        (CPU, False, {}, "inline", 1, 0),
        (CPU, False, {"workers": 3}, "local", 3, 5),
        (CPU, False, {"workers": 3, "executor": "inline"}, "inline", 1, 0),
        (GPU, True, {"executor": "local"}, "local", 4, 15),  # each worker prepares a second child
        (GPU, False, {"workers": 2}, "local", 2, 7),
    ],
)
def test_executor_workers_and_lead_are_chosen(
    machine: Machine, trains: bool, given: dict[str, object], executor: str, workers: int, ahead: int
) -> None:
    search = resolved(machine, trains=trains, **given).search
    assert (search.executor, search.workers, search.ahead) == (executor, workers, ahead)
    assert search.children_per_device == 1
    assert resolved(machine, trains=trains, **given, ahead=2).search.ahead == 2


@pytest.mark.parametrize(
    ("given", "controller", "executor", "workers", "ahead"),
    [
        ({}, "reinforce", "local", 1, 0),
        ({"workers": 1}, "evolution", "local", 1, 0),
        ({}, "random", "local", 1, 1),  # it does not learn
        ({"workers": 3}, "reinforce", "local", 3, 5),
        ({"executor": "inline"}, "random", "inline", 1, 0),
        ({"executor": "local"}, "reinforce", "local", 4, 7),
    ],
)
def test_a_function_that_is_named_runs_in_one_worker_with_the_trials_of_inline(
    given: dict[str, object], controller: str, executor: str, workers: int, ahead: int
) -> None:
    config = resolve({"search": given, "controller": {"kind": controller}})
    once = resolve_settings(config, CPU, trains=False, can_group=False, named=True)
    assert (once.search.executor, once.search.workers, once.search.ahead) == (executor, workers, ahead)
    assert resolve_settings(once, CPU, trains=False, can_group=False, named=True) == once


def test_resolved_settings_are_final() -> None:
    for machine in (CPU, GPU):
        once = resolved(machine)
        assert resolve_settings(once, machine, trains=True, can_group=True) == once


def test_groups_are_chosen_on_accelerators_where_the_space_allows_them() -> None:
    config = resolved(GPU, trials=80)
    assert (config.search.children_per_device, config.controller.batch) == (10, 10)
    assert (config.search.executor, config.search.workers, config.search.ahead) == ("inline", 1, 0)
    assert resolved(GPU, trials=10**6).search.children_per_device == LARGEST_GROUP
    assert resolved(GPU, trials=80, can_group=False).search.children_per_device == 1
    assert resolved(GPU, trials=80, trains=False).search.children_per_device == 1
    assert resolved(CPU, trials=80).search.children_per_device == 1
    assert resolved(CPU, trials=80, children_per_device=3).search.children_per_device == 3


@pytest.mark.parametrize("other", EXCLUDED, ids=str)
def test_what_a_group_cannot_honour_is_refused(other: dict[str, object]) -> None:
    ((name, _),) = other.items()
    with pytest.raises(NasctlError, match=f"search.{name} cannot be used when children are trained 4 at a"):
        resolved(CPU, children_per_device=4, **other)
    assert resolved(CPU, children_per_device=1, **other).search.children_per_device == 1


@pytest.mark.parametrize("other", EXCLUDED, ids=str)
def test_no_group_is_chosen_where_another_setting_excludes_it(other: dict[str, object]) -> None:
    search = resolved(GPU, trials=80, **other).search
    assert search.children_per_device == 1
    assert search.executor == other.get("executor", "local")


def test_settings_that_contradict_each_other_are_all_named() -> None:
    with pytest.raises(NasctlError, match="search.halving, search.child_seconds cannot be used"):
        resolved(CPU, children_per_device=2, halving=3, child_seconds=1.0)


def test_groups_need_a_space_that_allows_them() -> None:
    with pytest.raises(NasctlError, match="cannot be trained 4 at a time: their programs differ"):
        resolved(GPU, children_per_device=4, can_group=False)
