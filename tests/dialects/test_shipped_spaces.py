"""The spaces that come with nasctl have no warnings, are lossless as JSON, and decode and encode every string."""

import json

import numpy as np
import pytest

from nasctl.dialects import load_space, parse_space, space_from_json, typical_signature
from nasctl.dialects.reading import read_space
from nasctl.dsl import Problems
from nasctl.dsl.files import read_source
from nasctl.errors import NasctlError
from nasctl.resources import shipped_spaces
from nasctl.space import sample_uniform

NAMES = tuple(shipped_spaces())


@pytest.mark.parametrize("name", NAMES)
def test_no_errors_and_no_warnings(name):
    problems = Problems()
    read_space(read_source(shipped_spaces()[name]), name, problems)
    assert problems.found == []


@pytest.mark.parametrize("name", NAMES)
def test_json_is_lossless(name):
    space = load_space(name)
    again = space_from_json(json.loads(json.dumps(space.to_json())))
    assert again.hash == space.hash
    assert again.decisions == space.decisions
    assert again.graph_builder == space.graph_builder
    assert again.defaults == space.defaults


@pytest.mark.parametrize("name", NAMES)
def test_the_kept_source_reads_as_the_same_space(name):
    space = load_space(name)
    assert parse_space(space.source, name=space.name).hash == space.hash


def decode_and_encode(name: str, count: int) -> None:
    space = load_space(name)
    signature = typical_signature(space)
    generator = np.random.default_rng(0)
    for number in range(count):
        tokens = sample_uniform(space, generator)
        architecture = space.decode(tokens)
        assert space.tokens(architecture.values) == tokens
        if signature is not None and number < 20:
            assert architecture.cost(signature).params > 0


@pytest.mark.parametrize("name", NAMES)
def test_strings_decode_and_encode(name):
    decode_and_encode(name, 50)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_ten_thousand_strings_decode_and_encode(name):
    decode_and_encode(name, 10_000)


@pytest.mark.parametrize(
    "document", [{}, {"dialect": "cnn"}, {"dialect": "nonsense"}, {"dialect": "cnn", "name": 3}]
)
def test_json_that_is_no_space(document):
    with pytest.raises(NasctlError):
        space_from_json(document)
