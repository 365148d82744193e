"""What readers download: every format of a table, packages, differences."""
