"""Descriptors: identifiers, metadata, manifests, version numbers, Data Packages. Pure: values in, values out."""
