"""`llms.txt`: what a language model or an agent should know before it reads the site."""
