"""The colours of drawings, for a light and a dark page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """Colours as `#rrggbb`.

    Attributes:
      page: Background.
      ink: Main text.
      faint: Details and notes.
      connector: Connectors.
      frame: Frames.
      families: Fill and outline of boxes, by the family of their op.
      lanes: Lanes of skip connections, used cyclically.
    """

    page: str
    ink: str
    faint: str
    connector: str
    frame: str
    families: Mapping[str, tuple[str, str]]
    lanes: tuple[str, ...]

    def family(self, name: str) -> tuple[str, str]:
        """Fill and outline of a family. An unknown family has the colours of `compute`."""
        return self.families.get(name, self.families["compute"])

    def lane(self, number: int) -> str:
        """Colour of a lane."""
        return self.lanes[number % len(self.lanes)]


LIGHT = Palette(
    page="#ffffff",
    ink="#1f2933",
    faint="#5c6875",
    connector="#7b8794",
    frame="#d3d9e0",
    families={
        "source": ("#eef1f4", "#7b8794"),
        "compute": ("#e6eff8", "#5b84b1"),
        "normalise": ("#f3f4f6", "#9aa5b1"),
        "activate": ("#fbf3e2", "#b98f3f"),
        "join": ("#ffffff", "#7b8794"),
        "pool": ("#e7f3ec", "#5a9274"),
        "output": ("#f3eaf3", "#94709a"),
    },
    lanes=("#4f79a8", "#b0653f", "#5b8c5a", "#8a64a0", "#a88629", "#3d8c91"),
)

DARK = Palette(
    page="#14181d",
    ink="#e6eaef",
    faint="#a3afbb",
    connector="#8592a0",
    frame="#39424d",
    families={
        "source": ("#252c34", "#8592a0"),
        "compute": ("#1d2d40", "#6c9bd1"),
        "normalise": ("#232930", "#7d8995"),
        "activate": ("#352c1a", "#c9a258"),
        "join": ("#14181d", "#8592a0"),
        "pool": ("#1b3126", "#6bab8a"),
        "output": ("#322636", "#b18bb8"),
    },
    lanes=("#7aa5d6", "#d58f6b", "#85b884", "#b592ca", "#cdac54", "#67b6bb"),
)
