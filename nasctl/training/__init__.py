"""Trains children: an epoch is one compiled program; the weights of the epoch that validates best are kept."""

from nasctl.training.checkpoint import Checkpoint, check_saveable, load_checkpoint, save_checkpoint
from nasctl.training.child import PreparedChild, prepare, train_child
from nasctl.training.chunks import memory_of_examples
from nasctl.training.compilation import forget_programs
from nasctl.training.evaluation import CompiledEvaluation, evaluate, evaluate_with_outputs
from nasctl.training.group_trainer import GroupTrainer, can_train_together
from nasctl.training.loop import TrainedChild
from nasctl.training.weights import Weights

__all__ = [
    "Checkpoint",
    "CompiledEvaluation",
    "GroupTrainer",
    "PreparedChild",
    "TrainedChild",
    "Weights",
    "can_train_together",
    "check_saveable",
    "evaluate",
    "evaluate_with_outputs",
    "forget_programs",
    "load_checkpoint",
    "memory_of_examples",
    "prepare",
    "save_checkpoint",
    "train_child",
]
