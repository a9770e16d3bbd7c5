"""The transparency log: hashing, tiles, checkpoints and proofs."""
