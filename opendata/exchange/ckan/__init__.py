"""The catalogue as CKAN's Action API v3 describes it: objects of packages, and the language its searches are written in."""
