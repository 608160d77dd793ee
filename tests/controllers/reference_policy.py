"""A slow reference implementation of the policy: NumPy loops over the decisions of a space, in double precision."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nasctl.space import INACTIVE, Space


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class SlowPolicy:
    """Reads one token string from left to right.

    Args:
      space: The space.
      parameters: `nasctl.controllers.policy.network.Parameters`.
    """

    def __init__(self, space: Space, parameters) -> None:
        self.space = space
        self.p = parameters
        self.kinds: list[str] = []
        bits = {bit for point in space.anchors for bit in point.bits}
        for index, decision in enumerate(space.decisions):
            if index not in bits and decision.kind not in self.kinds:
                self.kinds.append(decision.kind)

    def probabilities(self, tokens: Sequence[int]) -> list[np.ndarray | None]:
        """For each decision the distribution of its token given those before; None for inactive decisions."""
        hidden = len(self.p.start)
        self.h = [np.zeros(hidden) for _ in self.p.layers]
        self.c = [np.zeros(hidden) for _ in self.p.layers]
        self.input = np.asarray(self.p.start, float)
        anchors = self.space.anchors if any(point.sources for point in self.space.anchors) else ()
        at_points = {}
        result: list[np.ndarray | None] = [None] * len(tokens)
        self.offsets = (
            np.zeros((len(tokens), 9)) if self.p.offsets is None else np.asarray(self.p.offsets, float)
        )
        schedule = self.space.schedule
        bits = {bit for point in anchors for bit in point.bits}
        for index, decision in enumerate((*self.space.decisions, None)):
            for number, point in enumerate(anchors):
                if point.at == index:
                    self.visit(number, point, tokens, at_points, result)
            if decision is None or index in bits or not decision.active(tokens):
                continue
            if schedule is not None and schedule.decision == index:
                continue
            top = self.advance()
            kind = self.kinds.index(decision.kind)
            count = len(decision.choices)
            logits = [
                float(
                    np.dot(top, self.p.head[kind][:, k]) + self.p.head_bias[kind][k] + self.offsets[index, k]
                )
                for k in range(count)
            ]
            weights = np.exp(np.array(logits) - max(logits))
            result[index] = weights / weights.sum()
            self.input = np.asarray(self.p.embedding[kind][tokens[index]], float)
        return result

    def visit(self, number, point, tokens, at_points, result) -> None:
        active = [bit for bit in point.bits if self.space.decisions[bit].active(tokens)]
        if point.sources and not active:
            at_points[number] = self.h[-1]
            return
        top = self.advance()
        at_points[number] = top
        attention = self.p.attention
        mean = np.asarray(attention.embedding[number], float)
        selected = 1
        for source, bit in zip(point.sources, point.bits, strict=True):
            if bit not in active:
                continue
            inner = np.zeros(len(top))
            for unit in range(len(top)):
                inner[unit] = np.dot(at_points[source], attention.previous[:, unit])
                inner[unit] += np.dot(top, attention.current[:, unit])
            feeds = sigmoid(np.dot(attention.vector, np.tanh(inner)) + self.offsets[bit, 0])
            result[bit] = np.array([1 - feeds, feeds])
            if tokens[bit] == 1:
                mean = mean + np.asarray(attention.embedding[source], float)
                selected += 1
        self.input = mean / selected

    def advance(self) -> np.ndarray:
        x = self.input
        for number, layer in enumerate(self.p.layers):
            gates = np.concatenate([x, self.h[number]]) @ np.asarray(layer.kernel, float) + layer.bias
            n = len(x)
            write, keep, candidate, expose = gates[:n], gates[n : 2 * n], gates[2 * n : 3 * n], gates[3 * n :]
            self.c[number] = sigmoid(keep) * self.c[number] + sigmoid(write) * np.tanh(candidate)
            self.h[number] = x = sigmoid(expose) * np.tanh(self.c[number])
        return x

    def log_probability(self, tokens: Sequence[int]) -> float:
        pairs = zip(self.probabilities(tokens), tokens, strict=True)
        return float(sum(np.log(p[token]) for p, token in pairs if p is not None and token != INACTIVE))

    def entropies(self, tokens: Sequence[int]) -> np.ndarray:
        found = self.probabilities(tokens)
        return np.array([0.0 if p is None else -float((p * np.log(p)).sum()) for p in found])
