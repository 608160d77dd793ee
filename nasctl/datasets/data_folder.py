"""The folder of prepared data sets."""

from __future__ import annotations

import os
from pathlib import Path

from nasctl.cache import cache_folder


def default_data_dir() -> Path:
    """Returns the folder of prepared data sets: `$NASCTL_DATA_DIR`, or the folder `datasets` in nasctl's cache."""
    folder = os.environ.get("NASCTL_DATA_DIR")
    return Path(folder).expanduser() if folder else cache_folder() / "datasets"
