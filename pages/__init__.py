"""One file per question a user asks: widgets on one side, kras_core on the other, no arithmetic."""
