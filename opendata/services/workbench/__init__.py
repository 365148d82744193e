"""Schemas being made and mended: what is typed and kept, what would fail, where they are saved."""
