"""`python -m nasctl` is `nasctl`."""

from nasctl.cli.main import run

run()
