"""What a process of a run does: asks the application, and writes what it answers as files."""
