"""Pages of a review: check your answers, sign the checks, comment, approve routine drafts together."""
