"""The grammars are LALR(1) without conflicts, and the syntax builders have a method for every rule."""

import logging

import pytest
from lark import Lark
from lark.exceptions import GrammarError

from nasctl.dialects import dialect_named, dialect_names
from nasctl.dsl.parser import load_grammar
from nasctl.resources import grammar_folder


@pytest.mark.parametrize("name", dialect_names())
def test_the_grammar_has_no_conflicts(name, caplog):
    path = dialect_named(name).grammar
    with caplog.at_level(logging.DEBUG, logger="lark"):
        Lark(
            path.read_text(encoding="utf-8"),
            parser="lalr",
            source_path=str(path),
            import_paths=[str(grammar_folder())],
            debug=True,
        )
    assert "conflict" not in caplog.text.lower()


def test_a_conflict_is_logged_by_lark(caplog):
    with caplog.at_level(logging.DEBUG, logger="lark"):
        try:
            Lark('start: a+\na: "x" a | "x" | "x" "x"', parser="lalr", debug=True)
        except GrammarError:
            return
    assert "conflict" in caplog.text.lower()


@pytest.mark.parametrize("name", dialect_names())
def test_every_rule_has_a_method(name):
    dialect = dialect_named(name)
    for rule in load_grammar(dialect.grammar).rules:
        written = str(rule.alias or rule.origin.name)
        if (
            written.startswith("_")
            or "__" in written.removeprefix("common__")
            or (rule.options.expand1 and not rule.alias)
        ):
            continue  # Lark's own, or inlined
        called = written.removeprefix("common__")
        assert hasattr(dialect.syntax, called), f"{dialect.syntax.__name__} lacks {called}"
