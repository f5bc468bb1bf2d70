"""A2A as its specification says, row by row, over every binding, with clients of no library."""
