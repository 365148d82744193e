"""Tables in JSON, XML and HTML documents."""
