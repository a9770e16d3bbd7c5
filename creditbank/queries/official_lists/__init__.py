"""What pages read of official lists: uploads, lines, what they bear out, and proposals."""
