"""Keeping an instance whole: checks, backups, garbage, rebuilding, verifying."""
