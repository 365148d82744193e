"""The database: work in progress, accounts and events, and an index over the store."""
