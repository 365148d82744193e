"""Offices: the publishers of a portal as bodies that answer: their codes, their tree, what became of them."""
