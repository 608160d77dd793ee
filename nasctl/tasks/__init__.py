"""Tasks: what children learn on a data set, with the loss, the metrics and the reward of a search."""

from nasctl.datasets.encoding import Encoding
from nasctl.tasks.factory import make_task
from nasctl.tasks.image_classification import ImageClassification, image_classification
from nasctl.tasks.language_model import LanguageModel, language_model
from nasctl.tasks.task import Metrics, Split, Task

__all__ = [
    "Encoding",
    "ImageClassification",
    "LanguageModel",
    "Metrics",
    "Split",
    "Task",
    "image_classification",
    "language_model",
    "make_task",
]
