"""What is kept about a person: all of it for them to read, and its end."""
