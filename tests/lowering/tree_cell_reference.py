"""The tree cell of Zoph & Le 2017, section 3.4, in NumPy, computed from the token string without a graph.

The tokens are the combination and activation of each node, leaves first; the combination and activation of the
injection; the node whose value is the new c; and the node that c is injected into.
"""

from collections.abc import Sequence

import numpy as np

COMBINE = {"add": np.add, "elem_mult": np.multiply, "max": np.maximum}
ACTIVATION = {
    "identity": lambda x: x,
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: np.where(x > 0, x, 0),
    "sin": np.sin,
}


def step(
    tokens: Sequence[int],
    combines: Sequence[str],
    activations: Sequence[str],
    wx: Sequence[np.ndarray],
    uh: Sequence[np.ndarray],
    c: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the new h and c from the products of each leaf."""
    *names, output, inject = tokens
    words = [combines[token] if index % 2 == 0 else activations[token] for index, token in enumerate(names)]
    inject_combine, inject_activation = words[-2:]
    level = list(zip(wx, uh, strict=True))
    node, new_c = 0, None
    while level:
        values = []
        for left, right in level:
            before = COMBINE[words[2 * node]](left, right)
            if node == output:
                new_c = before
            value = ACTIVATION[words[2 * node + 1]](before)
            if node == inject:
                value = ACTIVATION[inject_activation](COMBINE[inject_combine](value, c))
            values.append(value)
            node += 1
        level = list(zip(values[::2], values[1::2], strict=False))
    return values[-1], new_c
