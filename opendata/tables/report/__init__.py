"""What a check found, as a Frictionless report and as a file of all findings."""
