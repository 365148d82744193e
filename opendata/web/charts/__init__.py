"""Charts of tables: the page that chooses and shows one, its files, and the page that other sites may frame."""
