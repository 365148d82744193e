"""What every page has around its content: who runs the site, the simple version, the way to other sites."""
