"""The review of drafts: its checks, and what is signed and said."""
