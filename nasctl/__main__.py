"""`python -m nasctl` is `nasctl`."""

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    del sys.path[0]  # the current folder: its files must not be imported instead of modules of the same names

from nasctl.interruption import run_interruptible


def main() -> None:
    """Runs the command line and exits."""
    run_interruptible(_run)


def _run() -> None:
    from nasctl.cli.main import run  # takes a moment, and can be interrupted

    run()


if __name__ == "__main__":
    main()
