"""The command line as the benchmarks of whole searches call it: beginning with nothing cached, and silent."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path


def nasctl(*arguments: str, cache: str) -> str:
    """Runs `nasctl` of this Python, its caches in a folder; what it printed."""
    command = shutil.which("nasctl", path=Path(sys.executable).parent) or "nasctl"
    environment = {**os.environ, "XDG_CACHE_HOME": cache}
    done = subprocess.run([command, *arguments], env=environment, check=True, capture_output=True, text=True)
    return done.stdout
