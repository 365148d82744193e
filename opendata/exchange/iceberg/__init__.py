"""Tables as Apache Iceberg has them: names, types, metadata files, manifests. Source: Iceberg table spec, version 2."""
