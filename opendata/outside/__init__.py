"""What speaks to other machines."""
