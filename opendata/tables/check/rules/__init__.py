"""Rules that a schema declares beside those of its fields: what cells of one row say of each other, check digits."""
