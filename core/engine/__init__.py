"""What should happen: pure functions of plain values, without I/O, clock or randomness of their own."""
