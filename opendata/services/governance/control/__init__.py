"""The control room: what waits, is late, failed or isn't public; each number is the length of a list."""
