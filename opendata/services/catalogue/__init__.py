"""The catalogue: publishers, datasets, schemas, versions, and how they change."""
