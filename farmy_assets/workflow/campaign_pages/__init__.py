"""The page of a campaign and the scorecards of its people, made of the campaign's figures.

`overview` is the page for the lead, `scorecards` the ones that people may be shown, `csv_files` the
same numbers for spreadsheets, `making` all of them together.
"""
