"""Archives and compressed files, opened within bounds."""
