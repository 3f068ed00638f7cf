"""What happens outside a request: making replies, and finding those that lost their maker."""
