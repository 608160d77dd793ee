"""What a space says before a search when its networks cannot be trained."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from nasctl.architecture import Architecture
from nasctl.dialects import load_space, parse_space
from nasctl.engine.evaluation.fit import Surroundings, check_fit
from nasctl.errors import NasctlError
from nasctl.graph import Signature
from nasctl.space import Space

PHOTOGRAPHS = Surroundings(
    "photographs", Signature((240, 320, 3), 4), 64, memory=2 * 10**9, alone=4 * 10**9, resizable=True
)


@pytest.fixture(scope="module")
def space() -> Space:
    return load_space("spaces/cnn.nas")


def refusal(space: Space, around: Surroundings) -> NasctlError:
    with pytest.raises(NasctlError) as error:
        check_fit(space, around)
    return error.value


def needs(space: Space, signature: Signature, batch: int) -> list[int]:
    import numpy as np

    from nasctl.space import sample_uniform

    random = [sample_uniform(space, np.random.default_rng((0, number))) for number in range(20)]
    return [Architecture.decode(space, tokens).cost(signature).training_bytes(batch) for tokens in random]


def test_networks_that_fit_say_nothing(space: Space, caplog: pytest.LogCaptureFixture) -> None:
    check_fit(space, replace(PHOTOGRAPHS, memory=0))
    check_fit(space, replace(PHOTOGRAPHS, signature=Signature((8, 8, 1), 10)))
    assert caplog.text == ""


def test_what_is_needed_and_what_would_help_is_stated(space: Space) -> None:
    error = refusal(space, PHOTOGRAPHS)
    smallest = min(needs(space, PHOTOGRAPHS.signature, 64))
    assert f"the smallest needs {smallest / 1e9:.1f} GB" in error.message
    assert "a batch of 64 examples of 240×320×3, and a child may use 2.0 GB" in error.message
    assert "--image-size" in error.hint and "--set training.batch=" in error.hint


def test_with_the_proposed_size_half_of_the_networks_fit(space: Space) -> None:
    found = re.search(r"--image-size (\d+)", refusal(space, PHOTOGRAPHS).hint)
    assert found is not None
    size = int(found[1])
    fitting = sum(need <= 2e9 for need in needs(space, Signature((size, size, 3), 4), 64))
    assert fitting >= 10


def test_with_the_proposed_batch_half_of_the_networks_fit(space: Space) -> None:
    found = re.search(r"training.batch=(\d+)", refusal(space, PHOTOGRAPHS).hint)
    assert found is not None
    assert sum(need <= 2e9 for need in needs(space, PHOTOGRAPHS.signature, int(found[1]))) >= 10


def test_arrays_are_not_brought_to_another_size(space: Space) -> None:
    assert "--image-size" not in refusal(space, replace(PHOTOGRAPHS, resizable=False)).hint


def test_fewer_workers_are_proposed_where_they_help(space: Space) -> None:
    assert "--workers" not in refusal(space, PHOTOGRAPHS).hint
    assert "--workers 1" in refusal(space, replace(PHOTOGRAPHS, alone=10**12)).hint


def test_if_some_fit_their_share_is_a_warning(space: Space, caplog: pytest.LogCaptureFixture) -> None:
    ordered = sorted(needs(space, PHOTOGRAPHS.signature, 64))
    check_fit(space, replace(PHOTOGRAPHS, memory=ordered[12]))
    assert re.search("[67] of 20 random networks of cnn need more than", caplog.text)


def test_networks_that_a_constraint_rules_out_are_not_counted(caplog: pytest.LogCaptureFixture) -> None:
    text = (
        "space cnn\ninput image\nlayers 1\nlayer { conv { height in {1} width in {1} filters in {1, 4000} } }\n"
        "output classifier\nrequire activation_bytes <= 1M\n"
    )
    around = replace(PHOTOGRAPHS, signature=Signature((8, 8, 1), 10), memory=10**7)
    check_fit(parse_space(text, name="small"), around)
    assert caplog.text == ""
