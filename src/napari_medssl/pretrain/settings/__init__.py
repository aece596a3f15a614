"""What a person may set by name: of the plan, or of one method; declared as data, without torch."""
