"""Table Schemas: read as hostile input, matched with the columns of a file, proposed for one that has none."""
