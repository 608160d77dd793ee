"""Tasks: what children learn on a data set, with the loss, the metrics and the reward of a search.

A task of independent examples is made of what networks read (`ImageInput`) and what they predict (`Classes`, `Labels`,
`Numbers`).
"""

from nasctl.datasets.encoding import Encoding
from nasctl.tasks.classes import Classes
from nasctl.tasks.factory import make_task, supervised_task
from nasctl.tasks.images import ImageInput
from nasctl.tasks.labels import Labels
from nasctl.tasks.language_model import LanguageModel, language_model
from nasctl.tasks.numbers import Numbers
from nasctl.tasks.part import part_of
from nasctl.tasks.supervised import SupervisedTask
from nasctl.tasks.task import Metrics, Split, Task

__all__ = [
    "Classes",
    "Encoding",
    "ImageInput",
    "Labels",
    "LanguageModel",
    "Metrics",
    "Numbers",
    "Split",
    "SupervisedTask",
    "Task",
    "language_model",
    "make_task",
    "part_of",
    "supervised_task",
]
