"""The catalogue over REST: datasets, versions, publishers, schemas."""
