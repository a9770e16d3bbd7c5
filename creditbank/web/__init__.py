"""The doors for people: portals of short views that only translate HTTP."""
