"""The public tables as a catalogue of Apache Iceberg."""
