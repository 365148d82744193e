"""Background work: a queue that is a hint, a worker that calls services, a sweep that finds what got lost."""
