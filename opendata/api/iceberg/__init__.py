"""The REST catalogue of Apache Iceberg, read side."""
