"""Registering the catalogue's entries on higher platforms: which of them, and what is to be sent next."""
