"""The public portal: verification, catalogue and the log, without an account."""
