"""Training of a child: whole epochs as one compiled program, validation, the best weights kept."""

from nasctl.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from nasctl.training.child import PreparedChild, Record, TrainedChild, prepare, train_child
from nasctl.training.epoch import Weights
from nasctl.training.evaluation import Evaluator, evaluate
from nasctl.training.platform import configure_platform

__all__ = [
    "Checkpoint",
    "Evaluator",
    "PreparedChild",
    "Record",
    "TrainedChild",
    "Weights",
    "configure_platform",
    "evaluate",
    "load_checkpoint",
    "prepare",
    "save_checkpoint",
    "train_child",
]
