def shuffle(): pass
