"""What a nodule is and what readers say about it. Pure functions: no input or output."""
