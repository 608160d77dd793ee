"""What the networks of a task predict, and what the labels of a data set are."""

from __future__ import annotations

from enum import StrEnum


class TargetKind(StrEnum):
    """The kind of the label of one example.

    Attributes:
      CLASS: One class of several: an integer.
      LABELS: Any number of labels, each of which applies or does not: zeros and ones.
      NUMBERS: One or several real numbers.
      TOKEN: The next token of a text: an integer.
    """

    CLASS = "class"
    LABELS = "labels"
    NUMBERS = "numbers"
    TOKEN = "token"

    @property
    def plural(self) -> str:
        """What networks predict, for messages.

        >>> TargetKind.TOKEN.plural
        'the next token at each step'
        """
        return {
            TargetKind.CLASS: "classes",
            TargetKind.LABELS: "labels",
            TargetKind.NUMBERS: "numbers",
            TargetKind.TOKEN: "the next token at each step",
        }[self]
