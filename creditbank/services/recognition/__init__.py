"""Every write to a recognition claim, by the learner and by the office."""
