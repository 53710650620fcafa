"""Object stores behind one small Protocol."""
