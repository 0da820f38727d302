"""S3 and the DynamoDB catalog: the only room that knows AWS."""
