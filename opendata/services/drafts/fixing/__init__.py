"""What is mended in a draft's tables without another file: steps, and wrong cells one by one."""
