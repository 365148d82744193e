"""Grounds: the negative list in its versions, what lacks a ground, and the yearly self-check."""
