"""What every page uses: languages, formats of values, links, assets, error pages, security headers."""
