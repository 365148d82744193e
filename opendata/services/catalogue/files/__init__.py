"""The files of versions and drafts: where they lie, which are needed, and what is forgotten with them."""
