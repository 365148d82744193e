"""The national guide for resource catalogues and GB/T 21063: core metadata with the names that they have there."""
