"""Entries as they are registered on higher platforms, one module for each kind of platform."""
