"""The hardware of a machine, and how workers share it."""

from __future__ import annotations

import os

import pytest

from nasctl.executors.machine import Machine, detect_machine

GIGABYTE = 10**9


def test_a_core_or_a_tpu_has_one_worker() -> None:
    assert Machine("cpu", 16, 64 * GIGABYTE, 16).workers == 16
    assert Machine("tpu", 4, 32 * GIGABYTE, 96).workers == 4


@pytest.mark.parametrize(
    "devices, gigabytes, cores, workers",
    [
        (1, 140, 16, 4),  # four a device at most
        (1, 140, 64, 4),
        (8, 80, 64, 16),  # limited by the cores
        (1, 12, 32, 1),  # limited by the memory
        (1, 0, 32, 1),  # the memory is not known
        (4, 80, 4, 4),  # at least one
    ],
)
def test_workers_share_a_device_where_cores_and_memory_suffice(
    devices: int, gigabytes: int, cores: int, workers: int
) -> None:
    assert Machine("gpu", devices, gigabytes * GIGABYTE, cores).workers == workers


def test_workers_are_bound_to_the_devices_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    machine = Machine("gpu", 2, 80 * GIGABYTE, 32)
    bound = [machine.environment(worker)["CUDA_VISIBLE_DEVICES"] for worker in range(4)]
    assert bound == ["0", "1", "0", "1"]
    assert machine.environment(0)["XLA_PYTHON_CLIENT_PREALLOCATE"] == "false"


def test_workers_keep_to_the_devices_that_the_person_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    machine = Machine("gpu", 2, 80 * GIGABYTE, 32)
    assert [machine.environment(worker)["CUDA_VISIBLE_DEVICES"] for worker in range(3)] == ["3", "5", "3"]


def test_workers_share_the_memory_of_their_device_or_of_the_machine() -> None:
    assert Machine("cpu", 4, 8 * GIGABYTE, 4).share(4) == 2 * GIGABYTE
    assert Machine("gpu", 2, 80 * GIGABYTE, 32).share(4) == 40 * GIGABYTE
    assert Machine("gpu", 2, 80 * GIGABYTE, 32).share(3) == 40 * GIGABYTE


def test_the_memory_of_a_machine_or_of_its_accelerators_can_be_limited() -> None:
    machine = Machine("cpu", 4, 8 * GIGABYTE, 4)
    assert machine.limited(2).share(4) == GIGABYTE // 2
    assert machine.limited(0) == machine.limited(16) == machine
    assert Machine("gpu", 2, 80 * GIGABYTE, 32).limited(20).share(4) == 10 * GIGABYTE
    assert Machine("cpu", 4, 0, 4).limited(2).bytes == 2 * GIGABYTE  # of a cluster, which does not say


def test_this_machine_is_a_processor_where_jax_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    detect_machine.cache_clear()
    machine = detect_machine()
    detect_machine.cache_clear()
    assert machine.platform == "cpu"
    assert machine.slots == machine.cores <= (os.cpu_count() or 1)
    assert machine.bytes > GIGABYTE
