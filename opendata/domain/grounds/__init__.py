"""Grounds: why data isn't open, the negative list that says so, and the yearly self-check of what isn't open."""
