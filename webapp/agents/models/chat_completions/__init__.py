"""A language model behind any OpenAI-compatible chat endpoint. Imported only where one is configured."""
