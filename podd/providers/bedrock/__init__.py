"""Amazon Bedrock: Converse and ConverseStream, for models of any maker."""
