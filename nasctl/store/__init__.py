"""The run folder: trials in SQLite, the controller's checkpoints, the best network; all that a search leaves behind.

Every trial is durable when it is recorded, and no file is a pickle.
"""

from nasctl.store.open_trial import OpenTrial
from nasctl.store.run_folder import RunFolder, list_runs, next_run
from nasctl.store.session import Session
from nasctl.store.trial import COMPLETE, Status, Trial
from nasctl.store.trial_store import TrialStore

__all__ = [
    "COMPLETE",
    "OpenTrial",
    "RunFolder",
    "Session",
    "Status",
    "Trial",
    "TrialStore",
    "list_runs",
    "next_run",
]
