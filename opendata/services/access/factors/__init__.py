"""Second factors: codes from an app (TOTP), and codes for those who lost it."""
