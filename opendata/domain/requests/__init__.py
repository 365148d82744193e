"""Requests of readers: kinds, steps, replies, clocks, and the table of the annual report."""
