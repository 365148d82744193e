"""What becomes of the work of a person who leaves."""
