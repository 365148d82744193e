"""Delimited text: how it is written, decoded and split into columns."""
