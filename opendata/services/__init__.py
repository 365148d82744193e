"""The verbs of the product and the only place with business rules. No HTTP; whoever calls says who acts."""
