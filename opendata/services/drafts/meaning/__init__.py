"""What the files of a draft mean: found, said by a person, kept for the next file; and what tables are called."""
