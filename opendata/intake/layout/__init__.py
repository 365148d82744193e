"""Where in a grid of cells the table lies, and what lies around it."""
