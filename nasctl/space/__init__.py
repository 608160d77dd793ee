"""Search spaces as data: ordered decisions, when each is active, how many architectures there are.

The step between the language (`nasctl.dsl`, `nasctl.dialects`) and everything that samples or decodes. Nothing
here knows a convolution from a tree.
"""

from nasctl.space.decision import INACTIVE, AnchorPoint, Choice, Clause, Decision, Tokens, Value
from nasctl.space.graph_builder import GraphBuilder
from nasctl.space.sampling import sample_uniform
from nasctl.space.space import Constraint, Schedule, Space
from nasctl.space.text import format_tokens, parse_tokens

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
    "Tokens",
    "Value",
    "format_tokens",
    "parse_tokens",
    "sample_uniform",
]
