"""What is measured of a network, by name."""

from __future__ import annotations

from collections.abc import Mapping

EpochMetrics = Mapping[str, float]
"""What is known of a child after an epoch: `epoch` (counted from 1), `train_loss`, `validation_NAME` for everything
that the task measures, `reward` (what the child would earn if its training ended here) and `seconds`."""
