"""The catalogue as CKAN's Action API v3 describes it: objects of packages, and the language of its searches."""
