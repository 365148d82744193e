"""The public side: who runs the site, pages kept by maintainers, columns, re-uses and their links, what works now."""
