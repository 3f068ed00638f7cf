"""What programs send and are answered: the models that validate are the ones that the OpenAPI document is made of."""
