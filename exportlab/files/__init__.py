"""Finding, opening and parsing files, for readers and input-output tables alike."""
