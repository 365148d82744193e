"""The catalogue as DCAT-AP: triples of its entries, written as Turtle, RDF/XML, JSON-LD or N-Triples, and read back."""
