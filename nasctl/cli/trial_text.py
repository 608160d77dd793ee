"""Short descriptions of trials, for `nasctl search` and `nasctl status`."""

from __future__ import annotations

from collections.abc import Mapping

from nasctl.config import Config
from nasctl.foreign_text import shortened
from nasctl.metrics import main_metric
from nasctl.store import Trial

LONGEST_CAUSE = 500
"""Number of characters of the cause of a failure that are shown."""


def format_reward(reward: float, digits: int = 4) -> str:
    """Formats a reward with some digits after the decimal point, or with an exponent if it is large.

    >>> format_reward(0.5), format_reward(-1e300)
    ('0.5000', '-1e+300')
    """
    return f"{reward:.{digits}f}" if abs(reward) < 1e9 else f"{reward:.6g}"


def shown_cause(trial: Trial) -> str:
    """The cause of a trial's failure, in at most `LONGEST_CAUSE` characters."""
    return shortened(trial.cause, LONGEST_CAUSE)


def trial_summary(trial: Trial) -> str:
    """Describes a complete trial: its number, its reward and its main measures."""
    return ", ".join(
        [
            f"trial {trial.number}",
            f"reward {format_reward(trial.reward or 0.0)}",
            *measure_texts(trial.metrics),
        ]
    )


def trial_progress(number: int, metrics: Mapping[str, float], config: Config) -> str:
    """Describes the progress of a running trial.

    Args:
      number: The number of the trial.
      metrics: The metrics of its last epoch; empty before the end of the first.
      config: The settings of the run.
    """
    if "epoch" not in metrics:
        return f"trial {number}: starting"
    reached = "".join(f", {phrase}" for phrase in measure_texts(metrics))
    return f"trial {number}: epoch {metrics['epoch']:.0f} of {config.training.epochs}{reached}"


def measure_texts(measures: Mapping[str, float]) -> list[str]:
    """Formats the main measures of a trial: its validation metric and its number of parameters."""
    metric = main_metric(measures, "validation")
    phrases = []
    if metric is not None:
        phrases.append(f"validation {metric.name} {metric.format(measures[f'validation_{metric.name}'])}")
    if "params" in measures:
        phrases.append(f"{measures['params']:,.0f} parameters")
    return phrases
