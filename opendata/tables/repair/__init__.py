"""Repairs of wrong cells: which would help, and which were accepted."""
