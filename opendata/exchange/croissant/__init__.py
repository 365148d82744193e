"""Croissant: a version as those who train and test models read it."""
