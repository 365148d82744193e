"""The properties of a dataset, all from one file: what each is, what it takes, where it goes in other standards."""
