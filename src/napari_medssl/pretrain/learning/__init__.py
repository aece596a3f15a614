"""What a run is made of beside the method: steps, rates, teachers, precision, several processes."""
