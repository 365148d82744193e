"""Portals that datasets are harvested from: registering them, trying them, harvesting them, and what became of it."""
