"""The language of space files: parses a text to a syntax tree in which each node has its span, or to diagnostics."""

from nasctl.dsl.builder import SyntaxBuilder
from nasctl.dsl.diagnostics import Diagnostic, Note, Problems, SpaceError, suggestion
from nasctl.dsl.source import Source, Span
from nasctl.dsl.values import Scope, evaluate, expand

__all__ = [
    "Diagnostic",
    "Note",
    "Problems",
    "Scope",
    "Source",
    "SpaceError",
    "Span",
    "SyntaxBuilder",
    "evaluate",
    "expand",
    "suggestion",
]
