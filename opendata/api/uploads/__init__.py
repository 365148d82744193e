"""Files in pieces over REST: the tus protocol."""
