"""How alike two token strings are: the kernel of the reward model.

Letters: N, M strings; T decisions; V levels of all decisions together.

k(x, x') = exp(-Σ_d w_d [x_d ≠ x'_d]): a weighted Hamming distance with one weight a decision. A decision that is not
active in one of the strings has a level of its own there, so that two strings without it agree on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from nasctl.controllers.policy.plan import Plan


@dataclass(frozen=True)
class OneHotEncoding:
    """Where a token of a decision stands in a row of encoded.

    Attributes:
      first: For each decision the column of its token 0; the one before is `INACTIVE`'s, where there is one.
      decision: For each column the decision that it belongs to.
    """

    first: Int[np.ndarray, " T"]
    decision: Int[np.ndarray, " V"]

    @classmethod
    def of(cls, plan: Plan) -> OneHotEncoding:
        """The encoding of a space's decisions."""
        conditional = (plan.conditions.condition_of != 0).astype(int)
        counts = plan.sizes + conditional
        first = np.cumsum(counts) - counts + conditional
        return cls(first, np.repeat(np.arange(plan.length), counts))

    def encode(self, strings: Int[np.ndarray, "N T"]) -> Float[np.ndarray, "N V"]:
        """One row a string, with a 1 for each of its tokens."""
        rows = np.zeros((len(strings), len(self.decision)))
        np.put_along_axis(rows, strings + self.first, 1.0, axis=1)
        return rows


def correlation(
    encoding: OneHotEncoding,
    weights: Float[np.ndarray, " T"],
    first: Float[np.ndarray, "N V"],
    second: Float[np.ndarray, "M V"],
) -> Float[np.ndarray, "N M"]:
    """The kernel between strings, given as encoded: in (0, 1], 1 for equal strings."""
    agreement = (first * weights[encoding.decision]) @ second.T
    agreement -= weights.sum()
    kernel: Float[np.ndarray, "N M"] = np.exp(agreement, out=agreement)
    return kernel
