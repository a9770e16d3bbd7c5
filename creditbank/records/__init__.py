"""What is stored, and nothing else."""
