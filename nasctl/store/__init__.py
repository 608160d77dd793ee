"""The run folder: trials in SQLite, the controller's checkpoints, the best network; all that a search leaves behind.

Every trial is durable when it is recorded, and no file is a pickle.
"""

from nasctl.store.run_folder import RunFolder, list_runs, next_run
from nasctl.store.trial import COMPLETE, Status, Trial
from nasctl.store.trial_store import TrialStore

__all__ = ["COMPLETE", "RunFolder", "Status", "Trial", "TrialStore", "list_runs", "next_run"]
