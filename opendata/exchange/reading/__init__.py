"""The catalogues of other portals read: documents in, datasets in our words out, with a reason for each refused one."""
