"""Reviews over REST: checks are signed, comments given, routine drafts approved together."""
