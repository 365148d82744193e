"""What the CKAN interface asks of the catalogue, of the search index and of published tables."""
