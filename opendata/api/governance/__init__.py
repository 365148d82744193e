"""REST about who answers for what."""
