"""The inventory: index numbers, and whether the dates of the opening plan were kept."""
