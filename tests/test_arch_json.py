"""The file `arch.json`: an architecture is read back as it was written, and other files are refused with a reason."""

from __future__ import annotations

import json
import math
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

import nasctl
from nasctl.arch_json import TaskInfo, load_document, save_document
from nasctl.architecture import Architecture
from nasctl.config import TrainingConfig
from nasctl.errors import NasctlError
from nasctl.graph import Signature
from nasctl.space import sample_uniform

SCHEMA = json.loads((Path(__file__).parents[1] / "docs" / "arch.schema.json").read_text(encoding="utf-8"))
DIGITS = TaskInfo("digits", Signature((8, 8, 1), 10))


@pytest.fixture
def architecture() -> Architecture:
    space = nasctl.load_space("spaces/cnn.nas")
    return space.decode(sample_uniform(space, np.random.default_rng(3)))


@pytest.fixture
def file(architecture: Architecture, tmp_path: Path) -> Path:
    path = tmp_path / "arch.json"
    architecture.save(
        path, task=DIGITS, results={"reward": 0.5}, origin={"run": "cnn", "trial": 2, "seed": 7}
    )
    return path


def test_an_architecture_comes_back_from_its_file(architecture: Architecture, file: Path) -> None:
    document = load_document(file)
    assert document.tokens == architecture.tokens
    assert document.space.hash == architecture.space.hash
    assert Architecture.decode(document.space, document.tokens).graph == architecture.graph
    assert document.task == DIGITS
    assert document.results == {"reward": 0.5}
    assert document.origin["trial"] == 2
    assert document.origin["versions"]["nasctl"] == nasctl.__version__


def test_the_file_follows_its_published_schema(
    architecture: Architecture, file: Path, tmp_path: Path
) -> None:
    jsonschema.validate(json.loads(file.read_text()), SCHEMA)
    architecture.save(tmp_path / "bare.json")
    jsonschema.validate(json.loads((tmp_path / "bare.json").read_text()), SCHEMA)


def test_results_that_are_not_finite_are_valid_json_and_read_back(
    architecture: Architecture, tmp_path: Path
) -> None:
    results = {"reward": 0.5, "latency": math.inf, "loss": math.nan, "gain": -math.inf}
    architecture.save(tmp_path / "arch.json", results=results)
    content = json.loads((tmp_path / "arch.json").read_text(), parse_constant=pytest.fail)
    jsonschema.validate(content, SCHEMA)
    assert content["results"]["latency"] == "Infinity"
    assert repr(load_document(tmp_path / "arch.json").results) == repr(results)


def test_the_cost_in_the_file_is_that_of_the_built_network(architecture: Architecture, file: Path) -> None:
    from flax import nnx
    from jax import tree

    network = architecture.build(DIGITS.signature)
    built = sum(leaf.size for leaf in tree.leaves(nnx.state(network, nnx.Param)))
    assert json.loads(file.read_text())["cost"]["params"] == built


def test_a_folder_stands_for_the_file_in_it(architecture: Architecture, file: Path, tmp_path: Path) -> None:
    assert Architecture.load(file.parent).tokens == architecture.tokens
    run = tmp_path / "run"
    (run / "best").mkdir(parents=True)
    file.rename(run / "best" / "arch.json")
    assert Architecture.load(run).tokens == architecture.tokens


def changed(file: Path, **changes: Any) -> None:
    content = json.loads(file.read_text())
    file.write_text(json.dumps({**content, **changes}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "keras"}, "not an architecture file of nasctl"),
        ({"version": 2}, "version 2 of the format"),
        ({"space": {}}, '"source" is missing'),
        ({"space": None}, '"space" is missing'),
        ({"tokens": "1 2 3"}, '"tokens" is not a list'),
        ({"tokens": [0.5]}, "must be whole numbers"),
        ({"tokens": [0, 1]}, "takes 33 tokens, but 2 were given"),
        ({"tokens": [9] * 33}, "must be 0 to 3, not 9"),
        (
            {"task": {"dataset": "digits", "input_shape": [8, -1], "outputs": 10}},
            "input_shape.* whole number",
        ),
        ({"task": {"dataset": "digits", "input_shape": [8, 8, 1]}}, '"outputs" is missing'),
    ],
)
def test_a_file_that_is_not_valid_says_what_is_wrong(
    changes: dict[str, Any], message: str, file: Path
) -> None:
    changed(file, **changes)
    with pytest.raises(NasctlError, match=message) as error:
        load_document(file)
    assert str(file) in error.value.message


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"[" * 100_000, id="nested"),
        pytest.param(b'{"a":' * 50_000, id="nested objects"),
        pytest.param(b'{"version": ' + b"9" * 5000 + b"}", id="a number of 5,000 digits"),
        pytest.param(b'{"format": "nasctl.architecture", "version": 1e999}', id="an infinite version"),
        pytest.param(b'{"format": ["nasctl.architecture"]}', id="a format that is a list"),
        pytest.param(b'"nasctl.architecture"', id="a text"),
        pytest.param(bytes(100), id="zeros"),
        pytest.param(b"\xef\xbb\xbf{}", id="a byte order mark"),
        pytest.param(b" " * (17 * 2**20), id="megabytes of blanks"),
    ],
)
def test_a_file_that_is_no_document_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "arch.json").write_bytes(content)
    with pytest.raises(NasctlError, match=r"arch\.json"):
        load_document(tmp_path / "arch.json")


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        pytest.param(keys, value, id=f"{'.'.join(keys)} {str(value)[:20]}")
        for keys, values in {
            ("version",): ("1", 0, -1, 1.5, [1]),
            ("space",): ("cnn", [], 3, {}),
            ("space", "source"): (
                "",
                "space nothing",
                "space cnn",
                3,
                None,
                "\0",
                "space " * 9999,
                "(" * 9999,
            ),
            ("space", "name"): (3, None, ["cnn"]),
            ("space", "hash"): ("", 3, None, "0" * 64),
            ("tokens",): (None, {}, [], [[0]] * 33, [None] * 33, ["0"] * 33, [True] * 33, [10**400] * 33),
            ("values",): ({}, None, [], {"a": 1}),
            ("task",): (3, "digits", [], {}),
            ("task", "dataset"): (3, None, ["digits"]),
            ("task", "input_shape"): (3, None, [], ["8"], [8.0], [True], [0], [2**40], [8] * 99, "8"),
            ("task", "outputs"): (0, -1, 2.5, True, "10", 10**40, None),
            ("task", "digest"): (3, ["0"], {}),
            ("training",): (3, [], "fast"),
            ("training", "batch"): (0, "many", [1], 10**30),
            ("training", "batches"): (1,),
            ("results",): (3, [], "good"),
            ("origin",): (3, [], "run"),
        }.items()
        for value in values
    ],
)
def test_an_entry_of_another_kind_is_named_with_its_file(
    keys: tuple[str, ...], value: Any, file: Path
) -> None:
    content = json.loads(file.read_text())
    *above, last = keys
    inner = content
    for key in above:
        inner = inner.setdefault(key, {})
    inner[last] = value
    file.write_text(json.dumps(content))
    with pytest.raises(NasctlError) as error:
        load_document(file)
    assert str(file) in str(error.value)


def test_a_flipped_bit_anywhere_is_an_error_or_leaves_the_architecture(file: Path) -> None:
    whole, expected = file.read_bytes(), load_document(file)
    for at in range(0, len(whole), 11):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << at % 7)]) + whole[at + 1 :])
        try:
            found = load_document(file)
        except NasctlError:
            continue
        assert found.tokens == expected.tokens
        assert found.space.hash == expected.space.hash


def test_tokens_that_do_not_fit_the_values_are_refused(architecture: Architecture, file: Path) -> None:
    space = architecture.space
    other = next(
        tokens
        for seed in range(9)
        if (tokens := sample_uniform(space, np.random.default_rng(seed))) != architecture.tokens
    )
    changed(file, tokens=list(other))
    with pytest.raises(NasctlError, match="describe different architectures"):
        load_document(file)


def test_the_settings_of_the_training_are_kept(architecture: Architecture, tmp_path: Path) -> None:
    config = TrainingConfig(batch=32, optimiser="adam")
    document = architecture.document(
        task=TaskInfo("digits", Signature((8, 8, 1), 10), "0" * 64), training=config
    )
    jsonschema.validate(document, SCHEMA)
    save_document(document, tmp_path / "arch.json")
    loaded = load_document(tmp_path / "arch.json")
    assert loaded.training == asdict(config)
    assert loaded.task.digest == "0" * 64


def test_a_file_whose_space_was_edited_is_refused(file: Path) -> None:
    space = json.loads(file.read_text())["space"]
    changed(file, space={**space, "source": space["source"].replace("64", "128")})
    with pytest.raises(NasctlError, match="does not have the hash"):
        load_document(file)


def test_a_truncated_file_at_any_place_is_refused(file: Path) -> None:
    whole = file.read_text()
    for end in range(0, len(whole.rstrip()) - 1, 97):
        file.write_text(whole[:end])
        with pytest.raises(NasctlError, match="not JSON"):
            load_document(file)


def test_files_that_are_nothing_of_the_kind_are_refused(tmp_path: Path) -> None:
    for content in (b"\x89PNG\r\n\x1a\n\xff\xfe", b"[1, 2]", b"null", b""):
        path = tmp_path / "arch.json"
        path.write_bytes(content)
        with pytest.raises(NasctlError, match="arch.json"):
            load_document(path)
    with pytest.raises(NasctlError, match="does not exist"):
        load_document(tmp_path / "absent.json")
    (tmp_path / "empty").mkdir()
    with pytest.raises(NasctlError, match="contains no architecture"):
        load_document(tmp_path / "empty")


def test_a_reader_of_a_run_finds_a_best_network_while_it_is_replaced(tmp_path: Path) -> None:
    """Whatever moment of a replacement a reader sees, it reads the old or the new architecture."""
    run = tmp_path / "run"
    (run / "best").mkdir(parents=True)
    (run / "run.json").write_text("{}")
    space = nasctl.load_space("spaces/choices.nas")
    rng = np.random.default_rng(0)
    documents = [Architecture(space, sample_uniform(space, rng)) for _ in range(2)]
    for number, architecture in enumerate(documents):
        (tmp_path / f"{number}").mkdir()
        architecture.save(tmp_path / f"{number}" / "arch.json")
    (run / "best").rmdir()
    (tmp_path / "0").rename(run / "best")
    ended = threading.Event()

    def replace() -> None:
        new, best, old = tmp_path / "1", run / "best", run / "best.old"
        for _ in range(200):
            best.rename(old)
            new.rename(best)
            old.rename(new)
        ended.set()

    writer = threading.Thread(target=replace)
    writer.start()
    read = 0
    while not ended.is_set() or not read:
        assert Architecture.load(run).tokens in {documents[0].tokens, documents[1].tokens}
        read += 1
    writer.join()
