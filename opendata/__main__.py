"""`python -m opendata` is the command `opendata`."""

from opendata.cli import main

if __name__ == "__main__":
    main(prog_name="opendata")
