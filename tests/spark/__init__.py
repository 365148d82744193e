"""A real cluster of Spark, of one master and two workers on this machine."""
