"""Mail: which kinds of letters the portal sends, and addresses to send them to."""
