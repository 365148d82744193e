"""What is drawn of a table: its groups, bars, lines, dots, intervals, chosen where there are too many."""
