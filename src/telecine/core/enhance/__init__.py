"""Enhancement, decided: what may be asked for, what is inferred, which engine does what to which frames. Pure."""
