"""What every REST view uses: authentication, parsing, conditional requests, field types, shapes."""
