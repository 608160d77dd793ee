"""Starts a worker process: `python -P start_worker.py DESCRIPTOR GIGABYTES PATH…`.

It is run by the name of its file, because `python -m` would search the current folder first. nasctl is imported from
the folder in which this file lies, and everything else from the import path of the search.
"""

import importlib.util
import os
import sys

sys.path[:] = sys.argv[3:]
FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SPEC = importlib.util.spec_from_file_location("nasctl", os.path.join(FOLDER, "__init__.py"))
assert SPEC is not None and SPEC.loader is not None
sys.modules["nasctl"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(sys.modules["nasctl"])

if __name__ == "__main__":
    from nasctl.executors.worker import main

    main()
