"""Pages of requests: asked, followed, on the public board, in the publisher's inbox, and in numbers."""
