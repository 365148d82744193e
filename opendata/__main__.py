"""The command `opendata`, also as `python -m opendata`, in a process of its own."""

from opendata.cli import main
from opendata.starting import leave_out_pandas


def start() -> None:
    """Run the command that the arguments of the process ask for."""
    leave_out_pandas()
    main(prog_name="opendata")


if __name__ == "__main__":
    start()
