"""An open credit bank: certified, accumulated and transferable learning outcomes."""
