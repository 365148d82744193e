"""The screen of a table over every cell: cells in, one verdict for each column and kind of personal data out."""
