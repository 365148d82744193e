"""What machines ask of the instance: whether each part answers, how much waits, what is behind."""
