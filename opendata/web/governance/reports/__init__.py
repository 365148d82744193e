"""Pages of the annual report on disclosure."""
