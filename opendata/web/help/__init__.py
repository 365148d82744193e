"""What readers and clerks can look up: the REST API's documentation, and the words of the product."""
