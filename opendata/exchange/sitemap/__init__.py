"""What crawlers and browsers ask a site for: the site map and the description of its search."""
