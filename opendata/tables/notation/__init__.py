"""Notations in which people and programs write numbers and moments: read only where one value can be meant."""
