"""What a page says of the article: title, authors, dates, text; usable without a crawl."""
