"""Maxout networks for nasctl (Goodfellow et al. 2013): an op, its Flax module, and a dialect."""
