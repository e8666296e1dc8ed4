"""What is shown to others: scenes for the tumor board, and how they fill a screen."""
