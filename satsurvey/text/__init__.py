"""Comments: sentiment and service aspects of what respondents say in their own words."""
