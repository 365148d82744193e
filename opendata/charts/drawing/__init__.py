"""Drawing points with matplotlib, which nothing else imports."""
