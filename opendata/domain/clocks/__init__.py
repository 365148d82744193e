"""Clocks: which days are working days, and when what must be done is due."""
