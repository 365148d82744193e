"""What a table means as a whole: its title, unit, period, notes, source, and who compiled it."""
