"""The loop that makes a node's processes what the rows want. One supervisor owns all of a node's processes."""
