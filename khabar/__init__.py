"""Khabar (خبر, "news"): media monitoring for opinion journalism."""
