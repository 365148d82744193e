"""The public side: pages kept by maintainers, re-uses and their links, what a column shows."""
