"""The memory of this machine, or of the control groups that limit this process."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

_GROUPS, _MOUNTED = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")


@functools.cache
def machine_memory() -> int:
    """Bytes of memory that this process may use: those of the machine, or fewer in a control group."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([whole, *group_limits(_GROUPS, _MOUNTED)])


def group_limits(groups: Path, mounted: Path) -> Iterator[int]:
    """The limits of the control groups of a process and of the groups that these belong to.

    Args:
      groups: `/proc/PID/cgroup`, with a line `NUMBER:CONTROLLERS:PATH` for each hierarchy; that of version 2 has no
        controllers.
      mounted: The folder in which the hierarchies are mounted. In a container, the group of the process may be mounted
        as the root of its hierarchy, so the root is read, too.
    """
    text = ""
    with suppress(OSError):
        text = groups.read_text(encoding="utf-8", errors="replace")
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            root, name = mounted, "memory.max"
        elif "memory" in controllers.split(","):
            root, name = mounted / "memory", "memory.limit_in_bytes"
        else:
            continue
        group = PurePosixPath(path.lstrip("/"))
        for folder in (group, *group.parents):
            with suppress(OSError, ValueError):  # there is no such group, or it has no limit: `max`
                yield int((root / folder / name).read_text(encoding="ascii"))
