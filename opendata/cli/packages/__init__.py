"""Commands that read files and Data Packages: validate, describe, convert, import, export."""
