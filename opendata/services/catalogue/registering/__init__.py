"""What is done whenever an item of the inventory is registered or first opened."""
