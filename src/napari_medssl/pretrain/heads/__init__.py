"""What sits on an encoder while it learns and is thrown away after."""
