"""Formats a space file of any dialect and checks that its meaning did not change."""

from __future__ import annotations

from nasctl.dialects.reading import dialect_of
from nasctl.dsl.diagnostics import Problems
from nasctl.dsl.layout import format_source
from nasctl.dsl.parser import parse_tree
from nasctl.dsl.source import Source


def format_space(source: Source) -> str:
    """The text of a file in the canonical layout.

    Raises:
      SpaceError: The file has syntax errors.
    """
    problems = Problems()
    dialect = dialect_of(source, problems)
    tree = parse_tree(source, dialect.grammar, problems) if dialect else None
    problems.raise_errors()
    assert dialect is not None and tree is not None
    formatted = Source(source.path, format_source(source, dialect.grammar))
    again = parse_tree(formatted, dialect.grammar, problems)
    if again is None or dialect.syntax(formatted).build(again) != dialect.syntax(source).build(tree):
        raise AssertionError(f"formatting would change what {source.path} says")
    return formatted.text
