"""Runs the `nasctl` command for the benchmarks that measure whole searches."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path


def nasctl(*arguments: str, cache: str) -> str:
    """Runs the `nasctl` command of this Python environment.

    Args:
      *arguments: Its arguments.
      cache: Folder for nasctl's caches; an empty one to start with nothing cached.

    Returns:
      Its standard output.

    Raises:
      subprocess.CalledProcessError: The command failed.
    """
    command = shutil.which("nasctl", path=Path(sys.executable).parent) or "nasctl"
    environment = {**os.environ, "XDG_CACHE_HOME": cache}
    done = subprocess.run([command, *arguments], env=environment, check=True, capture_output=True, text=True)
    return done.stdout
