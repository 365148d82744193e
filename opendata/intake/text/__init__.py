"""Tables in delimited text: encoding, dialect, layout."""
