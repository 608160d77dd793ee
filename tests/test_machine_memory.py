import os
from pathlib import Path

import pytest

from nasctl.machine_memory import group_limits, machine_memory


def limits(folder: Path, groups: str, files: dict[str, str]) -> list[int]:
    (folder / "groups").write_text(groups)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return list(group_limits(folder / "groups", folder))


def test_the_memory_is_at_most_that_of_the_machine() -> None:
    assert 0 < machine_memory() <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def test_every_group_above_the_process_limits_it(tmp_path: Path) -> None:
    files = {"memory.max": "9\n", "a/memory.max": "max\n", "a/b/memory.max": "7\n", "a/c/memory.max": "1\n"}
    assert sorted(limits(tmp_path, "0::/a/b\n", files)) == [7, 9]


def test_the_memory_has_a_hierarchy_of_its_own_in_version_1(tmp_path: Path) -> None:
    files = {"memory/a/memory.limit_in_bytes": "5\n", "cpu/a/memory.limit_in_bytes": "1\n"}
    assert limits(tmp_path, "3:cpu,cpuacct:/a\n4:memory:/a\n0::/\n", files) == [5]


@pytest.mark.parametrize("groups", ["", "0::/x\n", "4:memory:/x:y\n"])
def test_a_group_without_a_limit_does_not_count(tmp_path: Path, groups: str) -> None:
    assert limits(tmp_path, groups, {}) == []
    assert list(group_limits(tmp_path / "none", tmp_path)) == []
