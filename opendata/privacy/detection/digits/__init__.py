"""Numbers that identify a person: found among the digits of a column, and proved by their check digits."""
