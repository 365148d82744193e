"""The basic catalogue of proactive disclosure: drafted, imported, put in force, fulfilled by datasets."""
