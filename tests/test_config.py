"""Settings: one schema, one order of precedence, and messages that name the setting."""

from __future__ import annotations

from typing import Any

import pytest

from nasctl.config import Config, TrainingConfig, check_setting, resolve
from nasctl.errors import NasctlError


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
        ("trainning", "epochs", 1, "no section `trainning`", "`training`"),
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
    ],
)
def test_settings_that_are_not_in_sections_are_refused(settings: Any, message: str) -> None:
    with pytest.raises(NasctlError, match=message):
        resolve(settings)
