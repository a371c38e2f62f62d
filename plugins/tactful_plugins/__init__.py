"""What comes with tactful as plugins, a file for each boundary, through the same hooks as anyone's."""
