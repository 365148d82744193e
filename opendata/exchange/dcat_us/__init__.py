"""DCAT-US: the catalogue as `data.json` 1.1 and as 3.0, and what such a document says of datasets."""
