"""Addresses of the account pages."""

from __future__ import annotations

from django.urls import path

from creditbank.web.account import mine, sessions

app_name = "account"
urlpatterns = [
    path("", mine.mine, name="mine"),
    path("password/", mine.password, name="password"),
    path("sign-in/", sessions.sign_in, name="sign_in"),
    path("sign-out/", sessions.sign_out, name="sign_out"),
    path("desk/", sessions.choose_desk, name="desk"),
]
