"""Search spaces as data: ordered decisions, when each is active, how many architectures there are.

The step between the language (`nasctl.dsl`, `nasctl.dialects`) and everything that samples or decodes. Nothing
here knows a convolution from a tree.
"""

from nasctl.space.decision import INACTIVE, AnchorPoint, Choice, Clause, Decision, Tokens, Value
from nasctl.space.program import Program
from nasctl.space.sampling import sample_uniform
from nasctl.space.space import Constraint, Schedule, Space

__all__ = [
    "INACTIVE",
    "AnchorPoint",
    "Choice",
    "Clause",
    "Constraint",
    "Decision",
    "Program",
    "Schedule",
    "Space",
    "Tokens",
    "Value",
    "sample_uniform",
]
