"""Runs spiders under Scrapy and turns what they fetch into durable captures and snapshots."""
