"""The forge: pull requests, comments, labels and reactions at GitHub.com or an Enterprise server."""
