"""Registers outside the portal: registrations of data resources, and what is disclosed of authorised operation."""
