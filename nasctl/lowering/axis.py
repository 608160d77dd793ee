"""One axis of a convolution: the places that its kernel visits, and what it sees there."""

from __future__ import annotations

from typing import NamedTuple


class Axis(NamedTuple):
    """Output p is the sum over the taps t of kernel[t] × maps[stride p + t - before], with zeros around the maps.

    Attributes:
      size: Of the maps.
      taps: Of the kernel.
      stride: Steps between the places.
      before: Zeros that the first place sees before the maps.
    """

    size: int
    taps: int
    stride: int
    before: int

    @property
    def places(self) -> int:
        """Number of places that the stride visits."""
        return -(-self.size // self.stride)

    @property
    def after(self) -> int:
        """Zeros that the last place sees after the maps; negative where it does not see the end of them."""
        return (self.places - 1) * self.stride + self.taps - self.before - self.size


def centred(size: int, window: int, stride: int) -> tuple[Axis, slice]:
    """The axis of a kernel that is centred as `padding=window // 2` centres it in PyTorch, and the taps that count.

    Of `window` taps (window - 1) // 2 lie before the place. Those are left out that see nothing but zeros, as small
    maps leave few of a large kernel.

    >>> centred(size=2, window=7, stride=1)
    (Axis(size=2, taps=3, stride=1, before=1), slice(2, 5, None))
    """
    before = (window - 1) // 2
    reach = (Axis(size, window, stride, before).places - 1) * stride
    first, last = max(0, before - reach), min(window, before + size)
    return Axis(size, last - first, stride, before - first), slice(first, last)
