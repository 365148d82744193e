"""Files as answers of HTTP, for pages and API alike: validators, ranges, digests, names, other origins."""
