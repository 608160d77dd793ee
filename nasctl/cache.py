"""Where nasctl keeps what it can make again: prepared data sets and compiled programs."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """The folder of nasctl's caches: `$XDG_CACHE_HOME/nasctl`, or `~/.cache/nasctl`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "nasctl"
