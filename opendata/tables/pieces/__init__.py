"""One table in pieces: cut at record ends, each checked alone, and put together to what one machine would say."""
