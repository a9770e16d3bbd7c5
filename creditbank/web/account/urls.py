"""Addresses of the account pages."""

from __future__ import annotations

from django.urls import path

from creditbank.web.account import bindings, external, mine, registration, second, security, sessions

app_name = "account"
urlpatterns = [
    path("", mine.mine, name="mine"),
    path("password/", mine.password, name="password"),
    path("begin/", registration.begin, name="begin"),
    path("code/", registration.code, name="code"),
    path("finish/", registration.finish, name="finish"),
    path("second/", second.second, name="second"),
    path("passkey/", second.passkey, name="passkey"),
    path("security/", security.security, name="security"),
    path("security/authenticator/", security.authenticator, name="authenticator"),
    path("security/passkey/", security.make_passkey, name="make_passkey"),
    path("schools/", bindings.bind, name="bind"),
    path("with/<slug:provider>/", external.sign_in_with, name="with"),
    path("sign-in/", sessions.sign_in, name="sign_in"),
    path("sign-out/", sessions.sign_out, name="sign_out"),
    path("desk/", sessions.choose_desk, name="desk"),
]
