"""Data Packages and files from elsewhere: imported, validated, described."""
