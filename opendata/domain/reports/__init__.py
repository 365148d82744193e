"""Reports that the Regulations ask for."""
