"""What the networks of a space read, and what the examples of a data set are."""

from __future__ import annotations

from enum import StrEnum


class InputKind(StrEnum):
    """The kind of one example. The values are the words of the language: `input image`, `input text`.

    Attributes:
      IMAGE: A map of pixels.
      TEXT: A sequence of words or characters.
      SERIES: A sequence of vectors: one or several measured quantities at each time step.
      NONE: Nothing: the space has no networks.
    """

    IMAGE = "image"
    TEXT = "text"
    SERIES = "series"
    NONE = "none"

    @property
    def plural(self) -> str:
        """The plural of the kind, for messages.

        >>> InputKind.IMAGE.plural
        'images'
        """
        return {
            InputKind.IMAGE: "images",
            InputKind.TEXT: "text",
            InputKind.SERIES: "series",
            InputKind.NONE: "nothing",
        }[self]
