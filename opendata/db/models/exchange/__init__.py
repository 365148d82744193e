"""What is exchanged with other systems."""
