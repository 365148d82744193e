"""Full-text search in the catalogue: an index in a folder that can be deleted and made again."""
