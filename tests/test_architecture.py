"""Architectures: how token strings are decoded."""

from __future__ import annotations

import numpy as np
import pytest

import nasctl
from nasctl.architecture import Architecture
from nasctl.errors import NasctlError
from nasctl.space import sample_uniform


@pytest.fixture
def architecture() -> Architecture:
    space = nasctl.load_space("spaces/cnn.nas")
    return Architecture.decode(space, sample_uniform(space, np.random.default_rng(3)))


def test_a_space_decodes_to_an_architecture(architecture: Architecture) -> None:
    space, tokens = architecture.space, list(architecture.tokens)
    decoded = space.decode(tokens)
    assert isinstance(decoded, nasctl.Architecture)
    assert decoded == Architecture.decode(space, tokens) == architecture
    with pytest.raises(NasctlError, match="takes 33 tokens, but 32 were given"):
        space.decode(tokens[1:])


def test_values_and_tokens_are_each_others_inverse(architecture: Architecture) -> None:
    space = architecture.space
    rng = np.random.default_rng(0)
    for _ in range(50):
        tokens = sample_uniform(space, rng)
        assert space.tokens(space.values(tokens)) == tokens
