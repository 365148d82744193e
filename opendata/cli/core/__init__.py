"""What every command uses: language, output, failures, the open instance."""
