"""Commands that set up, serve, verify and look after an instance."""
