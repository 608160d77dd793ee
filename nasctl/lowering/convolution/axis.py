"""The geometry of a convolution along one spatial axis."""

from __future__ import annotations

from typing import NamedTuple


class Axis(NamedTuple):
    """Sizes, stride and padding along one axis.

    The output at position p is Σ_t kernel[t] · maps[stride · p + t - pad_before], where t counts the taps of the kernel
    and the maps are zero outside of their size.

    Attributes:
      size: Number of input positions.
      taps: Number of kernel positions.
      stride: Distance between the input positions of neighbouring outputs.
      pad_before: Number of zeros before the input that the first output sees.
    """

    size: int
    taps: int
    stride: int
    pad_before: int

    @property
    def output_size(self) -> int:
        """Number of output positions: ceil(size / stride)."""
        return -(-self.size // self.stride)

    @property
    def pad_after(self) -> int:
        """Number of zeros after the input that the last output sees; negative if it does not see the input's end."""
        return (self.output_size - 1) * self.stride + self.taps - self.pad_before - self.size


def centred_axis(size: int, window: int, stride: int) -> tuple[Axis, slice]:
    """Pads a kernel as `padding=window // 2` does in PyTorch, and drops the taps that see nothing but zeros.

    (window - 1) // 2 taps lie before the centre. On small maps most taps of a large kernel lie outside of the maps at
    every position, so they are dropped.

    Args:
      size: Number of input positions.
      window: Number of taps of the whole kernel.
      stride: Distance between the input positions of neighbouring outputs.

    Returns:
      The axis of the remaining kernel, and the slice that cuts it out of the whole kernel.

    >>> centred_axis(size=2, window=7, stride=1)
    (Axis(size=2, taps=3, stride=1, pad_before=1), slice(2, 5, None))
    """
    before = (window - 1) // 2
    reach = (Axis(size, window, stride, before).output_size - 1) * stride
    first, last = max(0, before - reach), min(window, before + size)
    return Axis(size, last - first, stride, before - first), slice(first, last)
