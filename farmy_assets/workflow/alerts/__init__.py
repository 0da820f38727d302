"""Alerts: troubles that somebody should hear of, told once each, by a webhook and by e-mail.

`troubles` says what is one, `told` who has heard of it, `channels` how a message leaves,
`settings` where to, `telling` joins them.
"""
