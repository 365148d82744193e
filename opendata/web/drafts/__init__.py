"""Pages of the workspace: uploads, drafts, findings, review."""
