"""Stores: immutable blobs named by their content, small signed records, and the keys that sign them."""
