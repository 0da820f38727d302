"""A WSGI application that is Label Studio behind a gate; serve `farmy_gate.wsgi:application`.

Pure, and shared with the platform: `inbox_keys` (whose a project is), `rules` (who may do what),
`bodies` (what a request may say). Django's: `facts` (what a request is about), `middleware`,
`people` and `joining` (accounts and the way in), `urls`, `wsgi`.
"""
