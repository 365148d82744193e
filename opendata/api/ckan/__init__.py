"""The reading part of CKAN's Action API v3, for clients that know nothing else, and the addresses that come with it."""
