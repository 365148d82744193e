"""Mail: written into the outbox with what it is about, and sent from there."""
