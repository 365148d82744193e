"""Codes and parameters as sentences: in the reader's language for people, as Frictionless' notes for programs."""
