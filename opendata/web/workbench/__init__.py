"""Pages of the workbench, where a clerk makes and mends schemas."""
