"""What annotators are asked, what they answered, how far they agree."""
