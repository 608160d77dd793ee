"""A policy far from uniform, so that errors are visible, and all strings of a small space."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from nasctl.controllers.policy.network import initial_parameters
from nasctl.controllers.policy.plan import make_plan
from nasctl.controllers.policy.sampling import FREE, draw_uniforms, sample
from nasctl.controllers.policy.scoring import score
from nasctl.space import INACTIVE


class Opinionated:
    """A policy with large random parameters. Each of its functions compiles once per shape."""

    def __init__(self, space, seed=0, hidden=6, scale=1.5, offsets=True):
        self.space = space
        self.plan = make_plan(space)
        rng = np.random.default_rng(seed)
        self.parameters = initial_parameters(
            rng, self.plan, layers=2, hidden=hidden, scale=scale, offsets=offsets
        )
        self._sample = jax.jit(partial(sample, self.plan))
        self._score = jax.jit(partial(score, self.plan))

    def sample(self, trials, seed=0):
        given_tokens = np.full((len(trials), self.plan.length), FREE)
        for row, trial in enumerate(trials):
            for decision, token in self.space.forced(trial).items():
                given_tokens[row, decision] = token
        return self.sample_given(given_tokens, trials, seed)

    def sample_given(self, given_tokens, trials, seed=0):
        uniforms = draw_uniforms(self.plan, jax.random.key(seed), jnp.asarray(trials))
        return self._sample(self.parameters, uniforms, given_tokens)

    def score(self, tokens, parameters=None):
        return self._score(parameters or self.parameters, np.asarray(tokens))

    def log_probability(self, tokens):
        return np.asarray(self.score(tokens).log_probability).sum(-1)


def all_strings(space, forced):
    """Every token string of a small space."""
    found = [()]
    for index, decision in enumerate(space.decisions):
        found = [
            (*prefix, token)
            for prefix in found
            for token in (
                (INACTIVE,)
                if not decision.active(prefix)
                else (forced[index],)
                if index in forced
                else range(len(decision.choices))
            )
        ]
    return found
