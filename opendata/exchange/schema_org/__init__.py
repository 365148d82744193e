"""schema.org: what search engines read in the head of a page."""
