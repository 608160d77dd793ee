"""Search spaces as data: ordered decisions, their conditions, and the number of architectures.

Dialects build a `Space` from a file. Controllers sample token strings from it, which are decoded to architectures. No
code in this package depends on the kind of network.
"""

from nasctl.space.decision import INACTIVE, AnchorPoint, Choice, Clause, Decision, Tokens, Value
from nasctl.space.graph_builder import GraphBuilder, StatesEnds
from nasctl.space.sampling import sample_uniform
from nasctl.space.space import Constraint, Schedule, Space
from nasctl.space.text import format_tokens, format_value, parse_tokens

__all__ = [
    "INACTIVE",
    "AnchorPoint",
    "Choice",
    "Clause",
    "Constraint",
    "Decision",
    "GraphBuilder",
    "Schedule",
    "Space",
    "StatesEnds",
    "Tokens",
    "Value",
    "format_tokens",
    "format_value",
    "parse_tokens",
    "sample_uniform",
]
