"""Tests run on the CPU, also where there is a GPU: its products round differently from the references'."""

from __future__ import annotations

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")
