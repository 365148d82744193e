"""Pages of the basic catalogue: what is in force, how far it is covered, and the draft."""
