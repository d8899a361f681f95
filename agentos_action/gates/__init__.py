"""Gates: claims of ours that are proved on this machine, over the way that a user's run walks."""
