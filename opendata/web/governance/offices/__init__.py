"""Pages on which publishers are kept, and on which somebody decides what becomes of them."""
