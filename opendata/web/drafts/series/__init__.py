"""Files that are parts of one table: offered on the draft's page, joined and taken apart."""
