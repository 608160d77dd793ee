"""The kernel of the reward model: an exponential of a weighted Hamming distance.

Letters: N, M strings; T decisions; V columns of the one-hot encoding.

k(x, x') = exp(-Σ_d w_d [x_d ≠ x'_d]), with one weight per decision. "Inactive" counts as a choice of its own,
so that two strings in which a decision is inactive agree on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from nasctl.controllers.policy.plan import Plan


@dataclass(frozen=True)
class OneHotEncoding:
    """The columns of a one-hot encoding of token strings.

    Attributes:
      first: For each decision the column of its token 0. The column before it is that of `INACTIVE`, if the
        decision is conditional.
      decision: For each column the decision that it belongs to.
    """

    first: Int[np.ndarray, " T"]
    decision: Int[np.ndarray, " V"]

    @classmethod
    def of(cls, plan: Plan) -> OneHotEncoding:
        """The encoding of the decisions of a space."""
        conditional = (plan.conditions.condition_of != 0).astype(int)
        counts = plan.sizes + conditional
        first = np.cumsum(counts) - counts + conditional
        return cls(first, np.repeat(np.arange(plan.length), counts))

    def encode(self, strings: Int[np.ndarray, "N T"]) -> Float[np.ndarray, "N V"]:
        """Encodes strings as rows with a 1 for each of their tokens and 0 elsewhere."""
        rows = np.zeros((len(strings), len(self.decision)))
        np.put_along_axis(rows, strings + self.first, 1.0, axis=1)
        return rows


def correlation(
    encoding: OneHotEncoding,
    weights: Float[np.ndarray, " T"],
    first: Float[np.ndarray, "N V"],
    second: Float[np.ndarray, "M V"],
) -> Float[np.ndarray, "N M"]:
    """The kernel between two sets of strings.

    Args:
      encoding: The one-hot encoding of the space.
      weights: w.
      first: One-hot rows of N strings.
      second: One-hot rows of M strings.

    Returns:
      The kernel matrix, with values in (0, 1]; 1 for equal strings.
    """
    agreement = (first * weights[encoding.decision]) @ second.T
    agreement -= weights.sum()
    kernel: Float[np.ndarray, "N M"] = np.exp(agreement, out=agreement)
    return kernel
