"""Recorded steps from the file as it came to the table as published: values in, values out."""
