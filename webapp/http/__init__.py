"""What every request passes through: access, input, the unit of work, errors, headers, events."""
