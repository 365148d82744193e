"""What words of a column say: names, addresses, and the patterns of contacts."""
