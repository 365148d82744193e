"""Pages of the public catalogue: datasets, versions, differences, publishers, schemas, feeds."""
