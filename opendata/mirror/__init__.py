"""The public portal as plain files, which any web server or object store sends without this program."""
