"""OAI-PMH 2.0: requests read, their answers written. Source: openarchives.org, protocol version 2.0."""
