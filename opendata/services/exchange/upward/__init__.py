"""Registering the catalogue on higher platforms: which, what waits, sending it, and comparing what is there."""
