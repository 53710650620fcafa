"""The pure core: it decides and never acts. No I/O, no clock, no randomness that is not passed in."""
