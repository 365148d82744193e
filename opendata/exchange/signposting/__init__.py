"""Signposting: links by which a machine finds its way from a page to the data, its descriptions and its licence."""
