"""Alerts: troubles that somebody should hear of, told once each, by a webhook and by e-mail.

`troubles` says what is one, `messages` which message is due, `channels` how it leaves, `settings`
where to, `sending` joins them.
"""
