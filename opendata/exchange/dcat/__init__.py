"""The catalogue as DCAT-AP: triples from its entries, written as Turtle, RDF/XML, JSON-LD and N-Triples, and read back."""
