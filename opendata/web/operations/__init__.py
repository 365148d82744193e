"""Pages for maintainers, and the addresses that machines ask: health, keys."""
