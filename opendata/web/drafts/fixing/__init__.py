"""What is mended in a draft's tables by page: steps, types, wrong cells."""
