"""What the columns of a table hold, and which of them may hold personal data."""
