"""The verbs of the product and the only place with business rules. No HTTP; the caller says who acts."""
