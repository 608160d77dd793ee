"""The language of space files: text → parse tree → syntax tree with the place of everything, or diagnostics."""

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
