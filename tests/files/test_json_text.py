"""JSON that nasctl writes is valid for every parser, and what it reads back is what it wrote."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasctl.files.json_text import canonical_json, read_measures, write_json, write_record

SPECIAL = (math.nan, math.inf, -math.inf)


def strict(text: str) -> Any:
    """Reads JSON, and refuses what only Python accepts."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    text.encode("ascii")
    return json.loads(text, parse_constant=refuse)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
)


@given(VALUES)
def test_programs_get_valid_json(document: Any) -> None:
    json.dumps(strict(write_json(document)), ensure_ascii=False).encode()  # no lone surrogates


@given(VALUES)
def test_records_are_valid_json(document: Any) -> None:
    strict(write_record(document))
    strict(write_record(document, indent=2))


@given(st.dictionaries(st.text(), st.floats()))
def test_measures_are_read_back_exactly(measures: dict[str, float]) -> None:
    again = read_measures(strict(write_record(measures)))
    assert repr(again) == repr(measures)


@pytest.mark.parametrize("number", SPECIAL)
def test_a_number_that_is_not_finite_is_null_for_programs(number: float) -> None:
    assert strict(write_json({"best": {"history": ({"loss": number}, [number])}})) == {
        "best": {"history": [{"loss": None}, [None]]}
    }


def test_measures_of_earlier_versions_are_read() -> None:
    assert repr(read_measures(json.loads('{"a": NaN, "b": -Infinity, "c": 1}'))) == repr(
        {"a": math.nan, "b": -math.inf, "c": 1}
    )


def test_a_lone_surrogate_is_kept_in_a_record_and_escaped_for_programs() -> None:
    assert strict(write_record({"a\udcff": "b\udcff"})) == {"a\udcff": "b\udcff"}
    assert strict(write_json({"a\udcff": "b\udcff", "emoji": "👩"})) == {
        "a\\udcff": "b\\udcff",
        "emoji": "👩",
    }


def test_the_canonical_form_does_not_depend_on_the_order_of_keys() -> None:
    assert (
        canonical_json({"b": 1, "a": [2.0]}) == canonical_json({"a": [2.0], "b": 1}) == '{"a": [2.0], "b": 1}'
    )
