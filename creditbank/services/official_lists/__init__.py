"""Every write of official lists: bringing one in, choosing, proposing, withdrawing."""
