"""Tables in Excel and OpenDocument workbooks."""
