"""Charts of tables: which ones fit, what they ask of the rows, and drawing them. No web, no database."""
