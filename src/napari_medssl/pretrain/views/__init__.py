"""What is done to a crop before a network sees it: views, cuts, masks; which crops make a pair."""
