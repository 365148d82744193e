"""What is signed and said about a draft, and how a change ends an approval: rows alone, below all who use them."""
