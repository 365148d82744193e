"""The catalogue in the vocabularies of others: one room a vocabulary, each from the model of `domain` to documents."""
