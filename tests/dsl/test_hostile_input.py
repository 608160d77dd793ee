"""Any input is read or refused with an error within seconds, never with a traceback."""

import random
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nasctl.dialects import load_space, parse_space
from nasctl.errors import NasctlError
from nasctl.resources import shipped_spaces

SPACES = [path.read_text(encoding="utf-8") for path in shipped_spaces().values()]
TIME_LIMIT = 10
"""Greatest processor time of a text in seconds, with room for slow machines; most texts take milliseconds."""

CHARACTERS = '{}()#"=.,*+-/<>! \nabinz019_@\x00é'


def read(text: str) -> None:
    start = time.process_time()
    try:
        parse_space(text, name="hostile")
    except NasctlError as error:
        assert error.message.strip()
    assert time.process_time() - start < TIME_LIMIT


def mutations(text: str):
    """Yields, for every offset, the text with a character deleted, two swapped, and one inserted."""
    for at in range(len(text)):
        yield text[:at] + text[at + 1 :]
        yield text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :]
        yield text[:at] + CHARACTERS[at % len(CHARACTERS)] + text[at:]


def test_mutations_of_one_character_sampled():
    generator = random.Random(0)
    for text in SPACES:
        for mutation in generator.sample(list(mutations(text)), 15):
            read(mutation)


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped_spaces())
def test_every_mutation_of_one_character(name):
    for mutation in mutations(shipped_spaces()[name].read_text(encoding="utf-8")):
        read(mutation)


@settings(deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_any_text(text):
    read(text)
    read(f"space cnn\n{text}")
    read(f"space choices\n{text}")


VOCABULARY = """
let layers layer repeat one of block after skip anchors require include search in step log every samples if and dense
conv relu size filters x y 1 3 0.5 5M .. { } ( ) , = == <= + * "a" #
"""
words = st.sampled_from([*VOCABULARY.split(), "\n"])


@given(st.lists(words, max_size=40).map(" ".join))
@settings(max_examples=100, deadline=None)
@example("layer { layer { layer {")
@example("let a = a")
@example("layers 1e300")
def test_any_sequence_of_words(text):
    read(f"space cnn\n{text}")
    read(f"space choices\n{text}")


@pytest.mark.parametrize(
    "text",
    [
        "space choices\na in 0..999999999999999999999999999",
        "space choices\na in 1..1e30 step *1.0000001",
        "space choices\na in 1..2 log 99999999",
        f"space choices\na in {{{'9' * 5000}}}",
        "space choices\na in {1e999999999}",
        f"space choices\na in {'(' * 5000}",
        f"space choices\na in {{{'1 + ' * 50000}1}}",
        "space choices\n" + "g {" * 3000,
        "space choices\n" + "g repeat 20000 { h repeat 20000 { a in {1, 2} } }",
        "space cnn\nlayers 1000 layer { relu skip anchors }",
        "space cnn\nblock a { b } block b { a } layers 2 layer { a }",
        "space choices\n" + "if a == 1 " * 1000,
        'space choices\ninclude "\x00"',
        "space choices\n" + "a in {1}\n" * 60000,
        "space " * 1000,
        "space cnn\nlayers in {" + "9" * 300_000 + "} on",
        "\ufeffspace choices\r\na in {1, 2}\r\n",
    ],
    ids=range(17),
)
def test_hostile_text(text):
    read(text)


def test_a_missing_bracket_after_a_word_that_cannot_follow():
    strides = "space cnn\ninput image\nlayers 6\nlayer {\n  conv { size 3  filters in {24, 36} }\n  relu\n}\n"
    read(strides + "output classifier\ntraining { epochs 5 conv {\n    size    3\n    filters {\n")


def test_bytes_that_are_not_utf_8(tmp_path: Path):
    path = tmp_path / "latin.nas"
    path.write_bytes("space choices # é\na in {1, 2}".encode("latin-1"))
    with pytest.raises(NasctlError, match=r"latin.nas:1:17: error: the byte 0xe9 here is not UTF-8"):
        load_space(path)


def test_a_folder_and_a_missing_file(tmp_path: Path):
    with pytest.raises(NasctlError, match="is a folder"):
        load_space(tmp_path)
    with pytest.raises(NasctlError, match="the file spaces/cnnn.nas does not exist") as caught:
        load_space("spaces/cnnn.nas")
    assert caught.value.hint == "did you mean `spaces/cnn.nas`?"
