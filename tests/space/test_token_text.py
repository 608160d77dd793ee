import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nasctl.dialects import load_space, parse_space
from nasctl.dialects.formatting import format_space
from nasctl.dsl import Source
from nasctl.errors import NasctlError
from nasctl.resources import shipped_spaces
from nasctl.space import format_tokens, parse_tokens, sample_uniform

SPACES = {name: load_space(name) for name in shipped_spaces()}


@settings(deadline=None)
@given(st.sampled_from(sorted(SPACES)), st.integers(0, 10**6))
def test_every_form_round_trips(name, seed):
    space = SPACES[name]
    tokens = sample_uniform(space, np.random.default_rng(seed))
    assert parse_tokens(space, format_tokens(space, tokens)) == tokens
    assert parse_tokens(space, " ".join(map(str, tokens))) == tokens
    assert parse_tokens(space, ",".join(map(str, tokens))) == tokens
    assert parse_tokens(space, json.dumps(tokens)) == tokens
    assert parse_tokens(space, json.dumps(space.values(tokens))) == tokens


def test_the_text_form():
    space = parse_space(
        'space choices\nbatch in {16, 32}\nkernel in {"1x1", "3x3"}\nopt one of { sgd { rate in {0.1, 1} }  adam }',
        name="small",
    )
    assert format_tokens(space, (1, 0, 0, 1)) == 'batch=32 kernel="1x1" opt=sgd opt{sgd.rate=1}'
    assert format_tokens(space, (0, 1, 1, -1)) == 'batch=16 kernel="3x3" opt=adam'
    assert parse_tokens(space, " batch = 16.0  kernel=3x3 opt =adam") == (0, 1, 1, -1)


def test_anchors_are_sets_of_labels():
    space = SPACES["spaces/cnn.nas"]
    text = format_tokens(space, sample_uniform(space, np.random.default_rng(0)))
    assert text.startswith(
        "layer1{height=7, width=5, filters=48} layer2{height=3, width=3, filters=24, skip={}} "
    )
    assert "layer3{height=1, width=1, filters=64, skip={1, 2}}" in text


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("layer1{hight=3}", r"no decision `layer1.hight` \(character 8\)", "did you mean `layer1.height`?"),
        ("layer1{height=4}", r"layer1.height cannot be 4 \(character 15\)", "it is one of 1, 3, 5, 7"),
        ("layer2{skip={2}}", r"layer2.skip cannot be 2 \(character 13\)", "it is one of 1"),
        ("layer1{skip={2}}", r"layer1.skip cannot be 2", "it is one of nothing"),
        ("layer1{height=3, height=3}", "layer1.height is given twice", ""),
        ("layer1{height={3}}", "is one value, not a set", ""),
        ("layer1{height=3", "character 16: `,` or `}` is missing", ""),
        ("layer1{height=3}", "a value for layer1.width is missing", ""),
        (
            "[0, 1",
            r"the token text:1:6: this is not JSON \(Expecting ',' delimiter\)",
            "the text form is",
        ),
        ("[" + "1" * 5000 + "]", "the token text contains a number with too many digits", "the text form is"),
        ('{"layer1.height": -' + "1" * 5000 + "}", "a number with too many digits", "the text form is"),
        ("[" * 100_000, "the token text is nested too deeply", "the text form is"),
        ('{"layer1.height": 1, "layer1.height": 3}', "has `layer1.height` twice", "the text form is"),
        ("[0, 1.5]", "whole numbers only", ""),
        ("0 1 2", "takes 33 tokens, but 3 were given", ""),
        ("0 9" + " 0" * 31, "layer1.width has 4 choices, so its token must be 0 to 3, not 9", ""),
    ],
)
def test_mistakes(text, message, hint):
    with pytest.raises(NasctlError, match=message) as caught:
        parse_tokens(SPACES["spaces/cnn.nas"], text)
    assert hint in caught.value.hint


def test_where_every_reading_fails_each_is_listed_with_its_place():
    with pytest.raises(NasctlError) as caught:
        parse_tokens(SPACES["spaces/nasbench201.nas"], "0 1 two 3")
    assert caught.value.message.splitlines() == [
        "these are not tokens of space nasbench201:",
        "  as whole numbers: token 3, `two`, is not a whole number",
        "  as text: the tokens cannot be read at character 3: there is `1` instead of `=` or `{` after `0`",
    ]


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text(text):
    try:
        parse_tokens(SPACES["spaces/nasbench201.nas"], text)
    except NasctlError as error:
        assert error.message


texts = st.text(
    st.characters(codec="utf-8", exclude_characters='"', exclude_categories=("C", "Zl", "Zp")), max_size=6
)
CHOICES = (
    st.integers(-(10**6), 10**6)
    | st.floats(-1e6, 1e6).filter(lambda number: number == 0 or abs(number) > 1e-200)
    | texts
    | st.sampled_from(
        ["1", "1.0", "01", "-0", "true", "nan", "inf", "1e3", "", " ", "a b", "{", "}", "=", ",", "x.y"]
    )
)


def written(choice: int | float | str) -> str:
    return f'"{choice}"' if isinstance(choice, str) else str(choice)


@settings(deadline=None)
@given(st.lists(CHOICES, min_size=1, max_size=6, unique=True), st.data())
def test_choices_that_look_alike_stay_apart_in_every_form(choices, data):
    text = f"space choices\na in {{{', '.join(map(written, choices))}}}\nb in {{1, 2}}\n"
    space = parse_space(text, name="alike")
    assert space.decisions[0].choices == tuple(choices)
    again = parse_space(format_space(Source("alike", text)), name="alike")
    assert again.hash == space.hash
    tokens = (data.draw(st.integers(0, len(choices) - 1)), 1)
    assert parse_tokens(space, format_tokens(space, tokens)) == tokens
    assert parse_tokens(space, json.dumps(space.values(tokens))) == tokens
    assert space.tokens(space.values(tokens)) == tokens


@pytest.mark.parametrize(
    ("choices", "value", "token"),
    [
        ('1, "1"', "1", 0),
        ('1, "1"', '"1"', 1),
        ('"1", 1', "1", 1),
        ('"1", 1', '"1"', 0),
        ('"3x3", 1', "3x3", 0),
        ("16, 32", '"32"', 1),
        ("16, 32", "32.0", 1),
        ('"1", "2"', "2", 1),
        ('true, "1"', '"true"', 0),
        ('1.0, "1.0"', "1.0", 0),
        ('1.0, "1.0"', '"1.0"', 1),
        ('1.0, "1.0"', "1", 0),
    ],
)
def test_quotes_tell_texts_from_numbers(choices, value, token):
    space = parse_space(f"space choices\na in {{{choices}}}\n", name="alike")
    assert parse_tokens(space, f"a={value}") == (token,)


@pytest.mark.parametrize("value", [True, False])
def test_true_and_false_of_json_are_no_numbers(value):
    space = parse_space("space choices\na in {0, 1}\n", name="numbers")
    with pytest.raises(NasctlError, match="a cannot be"):
        parse_tokens(space, json.dumps({"a": value}))
