"""The work on drafts: checking their tables, publishing them."""
