"""The invented Nordhafen Bank: its tables, the people in them, and `SandboxBank`, which reads them."""
