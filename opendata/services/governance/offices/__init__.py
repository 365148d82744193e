"""What becomes of publishers: merged, split and closed ones, datasets that move, lists of publishers, their figures."""
