"""Commands for accounts, tokens and keys."""
