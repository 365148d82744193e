"""What a file says about a table as a whole: title, unit, period, notes, source, and who compiled it."""
