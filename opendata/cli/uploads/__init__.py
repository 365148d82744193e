"""The command that sends files to an instance."""
