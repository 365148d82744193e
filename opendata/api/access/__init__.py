"""Who may have the data that isn't for everybody."""
