"""Pictures: one function a picture, table in, matplotlib Axes out."""
