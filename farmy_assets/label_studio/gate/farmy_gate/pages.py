"""The few pages that are the gate's own; without scripts, and without anything from outside."""

from html import escape
from http import HTTPStatus

from django.http import HttpResponse

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #222; background: #f4f4f2; margin: 0; }}
main {{ max-width: 26rem; margin: 12vh auto 0; padding: 2rem; background: #fff;
        border: 1px solid #ddd; border-radius: 8px; }}
h1 {{ font-size: 1.25rem; margin: 0 0 1rem; }}
label {{ display: block; margin: 1rem 0 .25rem; }}
input {{ box-sizing: border-box; width: 100%; font: inherit; padding: .5rem;
         border: 1px solid #888; border-radius: 4px; }}
button {{ font: inherit; margin-top: 1.5rem; padding: .6rem 1.2rem; border: 0; border-radius: 4px;
          color: #fff; background: #2f6f3e; cursor: pointer; }}
.wrong {{ color: #a00000; }}
</style>
</head>
<body><main>
<h1>{title}</h1>
{content}
</main></body>
</html>
"""


def page(title: str, content: str, *, status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
    """A page of ours; the content is HTML, already escaped."""
    response = HttpResponse(_PAGE.format(title=escape(title), content=content), status=status.value)
    response.headers["Cache-Control"] = "no-store"
    # Within the site, so that a form's origin is still sent; to no other site.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def refusal(reason: str, *, status: HTTPStatus) -> HttpResponse:
    """Why a page is not shown, and the way back."""
    content = f"<p>Label Studio shows you your own inboxes; {escape(reason)}.</p>"
    return page("Not for you", content + '<p><a href="/">To my inboxes</a></p>', status=status)


def link_is_over() -> HttpResponse:
    """What a used, ended or invented link opens."""
    content = (
        "<p>This link has been used, or its time is over. If you have chosen a password, "
        '<a href="/user/login/">sign in with it</a>. Else ask whoever sent you the link '
        "for a new one.</p>"
    )
    return page("This link does not work any more", content, status=HTTPStatus.GONE)


def choose_password(
    email: str, csrf_token: str, problems: list[str], *, minimum: int
) -> HttpResponse:
    """The form for a first password."""
    wrong = "".join(f'<p class="wrong">{escape(problem)}</p>' for problem in problems)
    content = f"""<p>You are invited to label photographs. Your address to sign in with is
<strong>{escape(email)}</strong>.</p>
{wrong}
<form method="post">
<input type="hidden" name="csrfmiddlewaretoken" value="{escape(csrf_token)}">
<input type="hidden" name="username" value="{escape(email)}" autocomplete="username">
<label for="password">Choose a password ({minimum} characters or more)</label>
<input id="password" name="password" type="password" autocomplete="new-password"
       minlength="{minimum}" required autofocus>
<label for="again">The same once more</label>
<input id="again" name="again" type="password" autocomplete="new-password" required>
<button type="submit">Start</button>
</form>"""
    status = HTTPStatus.BAD_REQUEST if problems else HTTPStatus.OK
    return page("Welcome", content, status=status)
