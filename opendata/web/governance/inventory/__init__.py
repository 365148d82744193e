"""Pages of the inventory and of the opening plan."""
