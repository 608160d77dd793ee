"""The memory that the examples of a task may take in a process that trains children."""

from __future__ import annotations

import jax

from nasctl.machine_memory import machine_memory

SHARE_OF_EXAMPLES = 2
"""The examples may take one part in this many of the memory of a process. Networks and programs need the others."""


def memory_for_examples(memory: int) -> int:
    """The bytes that the examples may take at most.

    Args:
      memory: Bytes of memory that the process may use: of its accelerator if it has one; 0 for all of it.
    """
    machine = machine_memory()
    return min(memory or _device_memory() or machine, machine) // SHARE_OF_EXAMPLES


def _device_memory() -> int:
    """Bytes of memory of the accelerator; 0 if there is none, or it does not say."""
    statistics = jax.local_devices()[0].memory_stats() or {}
    return int(statistics.get("bytes_limit", 0))
