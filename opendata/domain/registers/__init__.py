"""Registers outside the portal: the registration of public data resources, the disclosure of authorised operation."""
