"""The audit log: read, exported, proved unchanged, and cut at its old end."""
