"""Tables in parts: cut where they are large, and taken in where their parts were written elsewhere."""
