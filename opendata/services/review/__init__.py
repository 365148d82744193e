"""What a reviewer needs: everything to judge about a draft at once, and the list of drafts that wait."""
