"""Trials in a few words, as the views of a search show them."""

from __future__ import annotations

from collections.abc import Mapping

from nasctl.cli.console import shown
from nasctl.config import Config
from nasctl.store import Trial


def summary(trial: Trial) -> str:
    """A complete trial: its number, its reward and what people ask about first."""
    return ", ".join([f"trial {trial.number}", f"reward {trial.reward:.4f}", *quality(trial.metrics)])


def progress(number: int, record: Mapping[str, float], config: Config) -> str:
    """How far a running trial is, by the record of its last epoch; an empty one before the first."""
    if "epoch" not in record:
        return f"trial {number}: begins"
    reached = "".join(f", {phrase}" for phrase in quality(record))
    return f"trial {number}: epoch {record['epoch']:.0f} of {config.training.epochs}{reached}"


def quality(measures: Mapping[str, float]) -> list[str]:
    """The measures that people ask about first."""
    phrases = [
        f"validation {name.removeprefix('validation_')} {shown(name, measures[name])}"
        for name in ("validation_accuracy", "validation_perplexity")
        if name in measures
    ]
    if "params" in measures:
        phrases.append(f"{measures['params']:,.0f} parameters")
    return phrases
