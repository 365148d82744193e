"""Pages about the portals that datasets are harvested from: reports for anybody, and what maintainers do."""
