"""The convolution of networks: one function, in the form that is the fastest where it runs."""

from nasctl.lowering.convolution.choice import convolve

__all__ = ["convolve"]
