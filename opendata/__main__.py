"""The command `opendata`, also as `python -m opendata`, in a process of its own."""

from opendata.starting import start_lightly


def start() -> None:
    """Run the command that the arguments of the process ask for."""
    start_lightly()
    from opendata.cli import main

    main(prog_name="opendata")


if __name__ == "__main__":
    start()
