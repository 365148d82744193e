"""Accounts at another system (OpenID Connect), with which people sign in."""
