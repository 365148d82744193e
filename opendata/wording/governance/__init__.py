"""What the public and publishers ask of one another, in words: duties, requests, the pages that maintainers keep."""
