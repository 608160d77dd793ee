"""Settings: one schema, one order of precedence, and messages that name the setting."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_type_hints

import numpy as np
import pytest

from nasctl.bounds import SEEDS, check_seed
from nasctl.config import SECTIONS, Config, TrainingConfig, read_image_size
from nasctl.controllers.presets import hyperparameters
from nasctl.errors import NasctlError
from nasctl.settings import check_setting, resolve, resolve_recorded


def test_later_layers_take_precedence_key_by_key() -> None:
    config = resolve(
        {"training": {"epochs": 3, "batch": 32}, "search": {"trials": 8}}, {"training": {"epochs": "9"}}
    )
    assert config.training == TrainingConfig(epochs=9, batch=32)
    assert config.search.trials == 8
    assert resolve() == Config()


@pytest.mark.parametrize(
    ("section", "key", "value", "expected"),
    [
        ("training", "epochs", "12", 12),
        ("training", "epochs", 12.0, 12),
        ("training", "learning_rate", 1, 1.0),
        ("training", "learning_rate", "1e-3", 1e-3),
        ("training", "augment", "false", False),
        ("training", "schedule", "constant", "constant"),
    ],
)
def test_values_are_read_in_the_type_of_the_schema(
    section: str, key: str, value: object, expected: object
) -> None:
    read = check_setting(section, key, value)
    assert read == expected
    assert type(read) is type(expected)


@pytest.mark.parametrize(
    ("section", "key", "value", "message", "hint"),
    [
        ("trainning", "epochs", 1, "no section `trainning`", "did you mean `training`?"),
        ("zzz", "epochs", 1, "no section `zzz`", "it is one of search, controller, training"),
        ("training", "epoch", 1, "training has no setting `epoch`", "`epochs`"),
        ("training", "epochs", "many", "must be a whole number, not `many`", ""),
        ("training", "epochs", 2.5, "must be a whole number, not `2.5`", ""),
        ("training", "epochs", True, "must be a whole number, not `True`", ""),
        ("training", "augment", "perhaps", "must be true or false", ""),
        ("training", "schedule", "linear", "cannot be `linear`", "cosine, constant"),
        ("training", "schedule", 3, "must be a word, not `3`", ""),
    ],
)
def test_what_does_not_fit_is_named(section: str, key: str, value: object, message: str, hint: str) -> None:
    with pytest.raises(NasctlError, match=message) as error:
        check_setting(section, key, value)
    assert hint in error.value.hint


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"search.trials": 3}, "no section `search.trials`"),
        ({"search": 3}, "settings of section search must be a mapping from keys to values, not `3`"),
        ({"search": "trials=3"}, "not `trials=3`"),
        (3, "settings must be a mapping from sections to settings, not `3`"),
        ("search.trials=3", "settings must be a mapping"),
        ([("search", {"trials": 3})], "settings must be a mapping"),
    ],
)
def test_settings_that_are_not_in_sections_are_refused(settings: Any, message: str) -> None:
    with pytest.raises(NasctlError, match=message):
        resolve(settings)


NUMBERS = [
    pytest.param(section, item.name, kind, id=f"{section}.{item.name}")
    for section, schema in SECTIONS.items()
    for item in fields(schema)
    if (kind := get_type_hints(schema)[item.name]) in (int, float)
]
"""All settings that are numbers."""


@pytest.mark.parametrize(("section", "key", "kind"), NUMBERS)
def test_every_setting_that_is_a_number_has_finite_bounds_which_contain_its_default(
    section: str, key: str, kind: type
) -> None:
    item = {item.name: item for item in fields(SECTIONS[section])}[key]
    bounds = item.metadata["bounds"]
    assert -np.inf < bounds.low < bounds.high < np.inf
    assert check_setting(section, key, item.default) == item.default
    for value in (bounds.low - 1, bounds.high + 1, 10**400, -(10**400), 1e308, -1e308):
        if value != bounds.also:
            with pytest.raises(NasctlError, match=f"{section}.{key} must be|a number"):
                check_setting(section, key, value)


@pytest.mark.parametrize(("section", "key", "kind"), NUMBERS)
@pytest.mark.parametrize(
    "value",
    [
        pytest.param(float("nan"), id="nan"),
        pytest.param(float("inf"), id="infinity"),
        pytest.param("nan", id="the text nan"),
        pytest.param("-inf", id="the text -inf"),
        pytest.param("1e999", id="a text that overflows"),
        pytest.param("9" * 5000, id="a text of 5,000 digits"),
        pytest.param(10**5000, id="5,000 digits"),
        pytest.param(np.float64("nan"), id="NaN of NumPy"),
        pytest.param(None, id="nothing"),
        pytest.param(3j, id="a complex number"),
        pytest.param([1], id="a list"),
        pytest.param("0x10", id="hexadecimal"),
    ],
)
def test_no_setting_takes_what_is_no_finite_number(section: str, key: str, kind: type, value: object) -> None:
    with pytest.raises(NasctlError, match=rf"{section}\.{key} must be .*number") as error:
        check_setting(section, key, value)
    assert len(error.value.message) < 200
    assert "from" in error.value.message + error.value.hint


@pytest.mark.parametrize(
    ("section", "key", "value", "bounds"),
    [
        ("training", "batch", 0, "a whole number from 1 to 10,000,000, not `0`"),
        ("training", "epochs", "0", "a whole number from 1 to 1,000,000, not `0`"),
        ("training", "learning_rate", "nan", "a number from 0 to 1,000, not `nan`"),
        ("training", "momentum", 1.5, "a number from 0 to less than 1, not `1.5`"),
        ("training", "momentum", 1, "a number from 0 to less than 1, not `1`"),
        ("search", "trials", -3, "a whole number from 1 to 1,000,000,000, not `-3`"),
        ("search", "max_failures", 0, "a whole number from 1 to"),
        ("search", "workers", -1, "0 or a whole number from 1 to 1,000, not `-1`"),
        ("search", "workers", 10**9, "0 or a whole number from 1 to 1,000"),
        ("search", "halving", 1, "0 or a whole number from 2 to"),
        ("search", "ahead", -2, "-1 or a whole number from 0 to"),
        ("controller", "barrier", "inf", "-1 or a number from 0 to 1,000,000, not `inf`"),
        ("controller", "hidden", 10**9, "0 or a whole number from 1 to 4,096"),
        ("controller", "baseline_decay", 1, "-1 or a number from 0 to less than 1"),
    ],
)
def test_the_message_says_the_bounds(section: str, key: str, value: object, bounds: str) -> None:
    with pytest.raises(NasctlError) as error:
        check_setting(section, key, value)
    assert bounds in error.value.message


@pytest.mark.parametrize("value", [np.int64(7), np.float32(7), np.array(7)[()], 7.0, "7", "7.0", "+7", "07"])
def test_a_whole_number_may_come_in_any_type_of_number(value: object) -> None:
    assert check_setting("search", "trials", value) == 7
    assert type(check_setting("search", "trials", value)) is int


@pytest.mark.parametrize("name", ["batch", "hidden", "learning_rate"])
def test_a_controller_made_in_python_checks_the_same_bounds(name: str) -> None:
    config = Config().controller
    with pytest.raises(NasctlError, match=f"controller.{name} must be"):
        hyperparameters(type(config)(**{name: -1}))  # type: ignore[arg-type]


def test_settings_of_a_file_are_reported_with_its_name() -> None:
    with pytest.raises(
        NasctlError, match=r"^runs/a/run.json: search.trials must be a whole number from 1"
    ) as e:
        resolve_recorded({"search": {"trials": -3}}, "runs/a/run.json")
    assert "correct it in the file" in e.value.hint


@pytest.mark.parametrize("seed", [0, 1, 2**31, 2**32, 2**63 - 1, np.int64(5), np.uint64(2**63 - 1)])
def test_every_whole_number_below_two_to_the_63_is_a_seed(seed: int) -> None:
    assert check_seed(seed) == int(seed)
    assert type(check_seed(seed)) is int


@pytest.mark.parametrize(
    "seed",
    [
        -1,
        2**63,
        pytest.param(10**5000, id="5,000 digits"),
        1.0,
        True,
        "1",
        None,
        float("nan"),
        1j,
        np.float64(3),
    ],
)
def test_anything_else_is_no_seed(seed: Any) -> None:
    with pytest.raises(
        NasctlError, match="a seed is a whole number from 0 to 9,223,372,036,854,775,807, not"
    ):
        check_seed(seed)
    assert SEEDS.high == 2**63 - 1


@pytest.mark.parametrize(
    ("text", "size", "written"),
    [
        ("64", (64, 64), "64"),
        ("96x128", (96, 128), "96x128"),
        ("1x1", (1, 1), "1"),
        ("007", (7, 7), "7"),
        ("07x8", (7, 8), "7x8"),
    ],
)
def test_image_size_is_read_and_written_in_one_way(text: str, size: tuple[int, int], written: str) -> None:
    assert read_image_size(text) == size
    assert resolve({"data": {"image_size": text}}).data.image_size == written


@pytest.mark.parametrize("examples", [0, 2, 0.1, "0.999", "6000", 10**12])
def test_examples_are_a_number_or_a_share(examples: object) -> None:
    assert resolve({"data": {"examples": examples}}).data.examples == float(str(examples))


@pytest.mark.parametrize("examples", [1, "1.0", 2.5, -0.5, "nan", "inf", "many", True])
def test_other_numbers_of_examples_are_refused(examples: object) -> None:
    with pytest.raises(NasctlError, match="data.examples"):
        resolve({"data": {"examples": examples}})


@pytest.mark.parametrize(
    "text", ["0", "x", "64x", "x64", "64×64", "64 x 64", "-1", "1e3", "123456", "64x0", "٦٤"]
)
def test_other_image_sizes_are_refused(text: str) -> None:
    with pytest.raises(NasctlError, match="size"):
        resolve({"data": {"image_size": text}})
