"""Reads space files of any dialect: finds the dialect, parses the text and builds the `Space`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from nasctl.dialects.dialect import Dialect
from nasctl.dialects.input_form import read_form
from nasctl.dialects.registry import dialect_named
from nasctl.dsl.characters import check_characters, line_feeds
from nasctl.dsl.diagnostics import Problems, nearest
from nasctl.dsl.files import find_space, read_source
from nasctl.dsl.includes import resolve_includes
from nasctl.dsl.parser import parse_tree
from nasctl.dsl.source import Source, Span
from nasctl.dsl.syntax import InputForm, Let, Require, Setting, Settings, SpaceFile, Statement, Word
from nasctl.dsl.values import Scope, define, evaluate
from nasctl.errors import NasctlError
from nasctl.settings import check_setting
from nasctl.space import Choice, Constraint, Space

_HEADER = re.compile(
    r"(?:\s|\ufeff|#[^\n]*)*(?:(?P<keyword>space)\b(?:\s|#[^\n]*)*(?P<dialect>\w*)|(?P<other>\w+|.))?"
)


def load_space(path: str | Path) -> Space:
    """Reads the space of a file.

    Args:
      path: A `.nas` file. If it does not exist, it is looked up among the spaces that ship with nasctl.

    Raises:
      SpaceError: The file has errors. The exception contains all of them.
      NasctlError: The file does not exist.
    """
    found = find_space(path)
    return read_space(read_source(found), Path(found).stem, Problems())


def parse_space(text: str, *, name: str, path: str = "<text>") -> Space:
    """Reads the space of a text.

    Args:
      text: The content of a space file.
      name: Name of the space.
      path: The path that error messages show. `include` is relative to it.

    Raises:
      SpaceError: The text has errors. The exception contains all of them.
    """
    return read_space(Source(path, line_feeds(text)), name, Problems())


def read_space(source: Source, name: str, problems: Problems) -> Space:
    """Reads the space of a source.

    Args:
      source: A text and its path.
      name: Name of the space.
      problems: Collects the warnings.

    Raises:
      SpaceError: The text has errors. The exception contains all of them.
    """
    dialect = dialect_of(source, problems)
    if dialect is None:
        problems.raise_errors()
        raise AssertionError("a source without a dialect is an error")
    resolved = resolve_includes(source, lambda included: _parse(included, dialect, problems), problems)
    statements = resolved.statements
    scope = define((item for item in statements if isinstance(item, Let)), problems)
    constraints = tuple(
        made
        for item in statements
        if isinstance(item, Require) and (made := _bound(item, dialect, scope, problems))
    )
    defaults = _defaults([item for item in statements if isinstance(item, Settings)], scope, problems)
    for item in statements:
        form = getattr(item, "form", None)
        if isinstance(form, InputForm):
            defaults = {**defaults, "data": read_form(form, scope, problems)}
    own = [item for item in statements if not isinstance(item, (Let, Require, Settings))]
    if not own:
        if not problems.errors:
            header = _HEADER.match(source.text)
            assert header is not None
            problems.error(
                Span(source, header.start("keyword"), header.end("dialect")),
                "this file does not define a space",
                hint="the spaces that ship with nasctl are examples: `nasctl describe spaces/cnn.nas`",
            )
        problems.raise_errors()
    parts = dialect.build(own, scope, problems)
    _warn_unused(statements, scope, problems)
    problems.raise_errors()
    return Space(
        name,
        dialect.name,
        parts.decisions,
        parts.graph_builder,
        parts.anchors,
        parts.schedule,
        constraints,
        defaults,
        resolved.text,
    )


def dialect_of(source: Source, problems: Problems) -> Dialect | None:
    """The dialect that the first line of a source names, or None after an error."""
    if not check_characters(source, problems):
        return None
    match = _HEADER.match(source.text)
    assert match is not None
    if match["keyword"] is None:
        span = (
            Span(source, match.start("other"), match.end("other")) if match["other"] else Span(source, 0, 0)
        )
        wrong = match["other"] or ""
        hint = "begin with `space cnn`, `space choices` or another dialect"
        if nearest(wrong, ["space"]):
            hint = "did you mean `space`?"
        what = "is empty" if not wrong else "does not begin by naming its dialect"
        problems.error(span, f"this file {what}", hint=hint)
        return None
    if not match["dialect"]:
        problems.error(
            Span(source, match.start("keyword"), match.end("keyword")),
            "expected the name of a dialect after `space`",
            hint="for example `space cnn`",
        )
        return None
    try:
        return dialect_named(match["dialect"])
    except NasctlError as error:
        problems.error(
            Span(source, match.start("dialect"), match.end("dialect")), error.message, hint=error.hint
        )
        return None


def _parse(source: Source, dialect: Dialect, problems: Problems) -> SpaceFile | None:
    named = dialect_of(source, problems)
    if named is None:
        return None
    if named is not dialect:
        match = _HEADER.match(source.text)
        assert match is not None
        problems.error(
            Span(source, match.start("dialect"), match.end("dialect")),
            f"a `{named.name}` file cannot be included in a `{dialect.name}` file",
        )
        return None
    tree = parse_tree(source, dialect.grammar, problems)
    if tree is None:
        return None
    file: SpaceFile = dialect.syntax(source).build(tree)
    return file


def _bound(item: Require, dialect: Dialect, scope: Scope, problems: Problems) -> Constraint | None:
    measure = item.measure.name
    if measure not in dialect.measures:
        meant = nearest(measure, dialect.measures)
        if meant:
            problems.error(
                item.measure.span, f"there is no measure `{measure}`", hint=f"did you mean `{meant}`?"
            )
            return None
        if dialect.measures:
            known = ", ".join(f"`{name}`" for name in dialect.measures)
            problems.warn(
                item.measure.span,
                f"`{measure}` is not a static measure, so the evaluator must report it",
                hint=f"the static measures are {known}",
            )
    bound = evaluate(item.bound, scope, problems)
    if bound is None:
        return None
    if isinstance(bound, (str, tuple)):
        problems.error(item.bound.span, "a bound must be a number", hint="for example `require params <= 5M`")
        return None
    if item.relation.name == "!=":
        problems.error(
            item.relation.span, "`!=` cannot state a bound", hint="it can be `<=`, `<`, `>=`, `>` or `==`"
        )
        return None
    return Constraint(measure, item.relation.name, float(bound))


def _defaults(
    blocks: Sequence[Settings], scope: Scope, problems: Problems
) -> Mapping[str, Mapping[str, Choice]]:
    defaults: dict[str, dict[str, Choice]] = {}
    for block in blocks:
        section = defaults.setdefault(block.section.name, {})
        for setting in block.settings:
            try:
                checked = _checked(block.section.name, setting, scope, problems)
            except NasctlError as error:
                at = setting.value if "no setting" not in error.message else setting.name
                problems.error(at.span, error.message.partition("\n")[0], hint=error.hint)
                continue
            if checked is None:
                continue
            if setting.name.name in section:
                problems.error(setting.name.span, f"{block.section.name}.{setting.name.name} is set twice")
            section[setting.name.name] = checked
    return defaults


def _checked(section: str, setting: Setting, scope: Scope, problems: Problems) -> Choice | None:
    """The value of a setting; None if an error was added.

    A word stands for itself if the setting accepts it, as in `preset paper`, and else for the value of its `let`.

    Raises:
      NasctlError: The setting does not exist or does not accept the value.
    """
    if isinstance(setting.value, Word):
        try:
            return check_setting(section, setting.name.name, setting.value.name)
        except NasctlError:
            meaning = scope.find(setting.value.name)
            if meaning is None or isinstance(meaning, tuple):
                raise
            return check_setting(section, setting.name.name, meaning)
    meaning = evaluate(setting.value, scope, problems)
    if meaning is None or isinstance(meaning, tuple):
        return None
    return check_setting(section, setting.name.name, meaning)


def _warn_unused(statements: Sequence[Statement], scope: Scope, problems: Problems) -> None:
    for item in statements:
        if isinstance(item, Let) and item.name.name not in scope.used:
            problems.warn(item.name.span, f"nothing uses `{item.name.name}`", hint="leave out the `let`")
