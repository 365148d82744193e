"""DCAT documents of any portal, read: a graph within limits, and datasets of ours from it."""
