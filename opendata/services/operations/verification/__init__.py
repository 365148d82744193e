"""Whether an instance, a folder or a portal at an address is what its signatures say."""
