"""The convolution of networks, `convolve`, computed in the form that is fastest on the platform."""

from nasctl.lowering.convolution.selection import convolve

__all__ = ["convolve"]
