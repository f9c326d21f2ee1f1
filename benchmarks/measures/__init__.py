"""What is measured about a case; one module per question, each run in a fresh process."""
