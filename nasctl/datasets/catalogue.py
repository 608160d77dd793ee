"""The data sets that nasctl knows by name. A new one is a file beside this one and a line here."""

from __future__ import annotations

from collections.abc import Mapping

from nasctl.datasets.cifar10 import CIFAR10
from nasctl.datasets.dataset import Source
from nasctl.datasets.digits import DIGITS

CATALOGUE: Mapping[str, Source] = {source.name: source for source in (DIGITS, CIFAR10)}
