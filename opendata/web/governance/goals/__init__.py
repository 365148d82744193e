"""The page of the goals."""
