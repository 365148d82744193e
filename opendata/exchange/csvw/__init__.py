"""CSV on the Web: what is in a CSV file, in a document beside it."""
