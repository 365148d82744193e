"""Where the tables of datasets are fetched from, and fetching them."""
