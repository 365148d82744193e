"""The face for assistants at `/mcp` (Model Context Protocol): tools that read what is public, and nothing else."""
