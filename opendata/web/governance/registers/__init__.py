"""Pages about the register of public data resources, and the disclosure of authorised operation."""
