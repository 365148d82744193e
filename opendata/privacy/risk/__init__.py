"""How far a table without direct identifiers still points to single persons."""
