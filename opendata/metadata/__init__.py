"""Descriptors: identifiers, metadata, canonical JSON, version numbers, Data Packages. Pure: values in, values out."""
