"""What the vocabularies are written from: the public catalogue as one model, read in order and without gaps."""
