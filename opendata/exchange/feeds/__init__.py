"""Feeds in other forms than Atom."""
