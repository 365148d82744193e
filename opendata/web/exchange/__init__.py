"""The catalogue as machines read it: documents in the vocabularies of others, at their addresses."""
