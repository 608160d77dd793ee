"""Training of a child: whole epochs as one compiled program, validation, the best weights kept."""

from nasctl.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from nasctl.training.child import PreparedChild, Record, TrainedChild, prepare, train_child
from nasctl.training.compilation import forget_programs
from nasctl.training.epoch import Weights
from nasctl.training.evaluation import Evaluator, evaluate
from nasctl.training.together import Nursery, can_train_together

__all__ = [
    "Checkpoint",
    "Evaluator",
    "Nursery",
    "PreparedChild",
    "Record",
    "TrainedChild",
    "Weights",
    "can_train_together",
    "evaluate",
    "forget_programs",
    "load_checkpoint",
    "prepare",
    "save_checkpoint",
    "train_child",
]
