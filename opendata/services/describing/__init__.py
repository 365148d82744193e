"""What is proposed to those who describe a dataset."""
