"""Teaching networks from images without labels, one method of the papers a file.

Losses, crops, views, masks, schedules and measures are functions that the methods share.
"""
