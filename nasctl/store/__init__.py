"""The run folder: everything that a search leaves on disk.

It holds the trials in SQLite, the checkpoints of the controller, and the best network. A trial is durable as
soon as it is recorded. No file is a pickle.
"""

from nasctl.store.run_folder import RunFolder, check_new_run
from nasctl.store.run_names import RUNS, claim_next_run, list_runs
from nasctl.store.trial import COMPLETE, OpenTrial, Session, Status, Trial
from nasctl.store.trial_store import TrialStore

__all__ = [
    "COMPLETE",
    "RUNS",
    "OpenTrial",
    "RunFolder",
    "Session",
    "Status",
    "Trial",
    "TrialStore",
    "check_new_run",
    "claim_next_run",
    "list_runs",
]
