"""Requests of readers: asked, followed, handled, shown in public, counted, and forgotten in time."""
