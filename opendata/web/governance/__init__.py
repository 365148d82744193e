"""Pages about who answers for what: the disclosure column, and the control room."""
