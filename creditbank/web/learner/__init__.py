"""The learner's portal: passbook, deposit, requests and progress."""
