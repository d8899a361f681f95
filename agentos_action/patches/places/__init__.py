"""Where hunks go: every place one could stand at, the one it means, and the file with all of them put in."""
