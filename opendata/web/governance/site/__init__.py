"""Pages of the public side: disclosure, columns, calls, re-uses, status, and how maintainers keep them."""
