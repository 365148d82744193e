"""Portals that datasets are harvested from."""
