"""One typed table of settings, and what Django needs made from it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from creditbank.domain.access import Role
from creditbank.exchange.sign_in import MOST_BYTES, read_providers
from creditbank.gateways import bank as bank_gateway
from creditbank.gateways import couriers, database, documents, keys, wording


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its environment variable, type, default, whether it is secret, and what it does."""

    name: str
    kind: type
    default: Any
    secret: bool
    help: str


SETTINGS = (
    Setting("CREDITBANK_HOME", str, "", False, "The bank's folder; empty: ./bank, for root /var/lib/creditbank."),
    Setting("DATABASE_URL", str, "", True, "A PostgreSQL server to use instead of the embedded one."),
    Setting("CREDITBANK_DEBUG", bool, False, False, "Show error details and /design/; refused off loopback."),
    Setting("CREDITBANK_HOSTS", str, "127.0.0.1,localhost,[::1]", False, "Host names served, separated by commas."),
    Setting("CREDITBANK_HTTPS", bool, False, False, "Cookies only over HTTPS and strict transport security."),
    Setting(
        "CREDITBANK_PROXIES", str, "", False, "Addresses of reverse proxies whose X-Forwarded headers are believed."
    ),
    Setting(
        "CREDITBANK_MAIL",
        str,
        "outbox:",
        True,
        "The mail server, smtps://user:password@host:465 or smtp://host:587; outbox: writes into the bank's folder.",
    ),
    Setting("CREDITBANK_MAIL_FROM", str, "bank@localhost", False, "The address that the bank's e-mails come from."),
    Setting(
        "CREDITBANK_SMS",
        str,
        "outbox:",
        False,
        "An https: address that sends text messages; its token is in keys/sms.json. outbox: writes into the folder.",
    ),
    Setting("CREDITBANK_SIGN_IN", str, "", False, "A file that names the sign-ins of schools, OIDC and CAS."),
    Setting("CREDITBANK_REGISTRATION", bool, True, False, "People may open an account by themselves."),
    Setting(
        "CREDITBANK_SECOND_FACTOR",
        str,
        "",
        False,
        "Roles that enter the office only with a second factor, separated by commas: registrar,operator.",
    ),
    Setting(
        "CREDITBANK_ORIGIN",
        str,
        "",
        False,
        "The log's origin name; empty: creditbank.local/ and the centre's code.",
    ),
    Setting(
        "CREDITBANK_FONTS",
        str,
        "",
        False,
        "A folder with a Chinese font for letters as PDF; empty: where systems keep Noto CJK.",
    ),
    Setting(
        "CREDITBANK_TEST_DATA",
        str,
        "",
        False,
        "A folder of public data for tests and benchmarks; tests skip without.",
    ),
)


def value(name: str) -> Any:
    """The value of a setting from the environment, or its default.

    Raises:
        KeyError: no setting has this name.
        ValueError: the environment holds a text that is no value of the setting's type.
    """
    setting = {entry.name: entry for entry in SETTINGS}[name]
    text = os.environ.get(name)
    if text is None or text == "":
        return setting.default
    if setting.kind is bool:
        words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
        if text.lower() not in words:
            raise ValueError(f"{name} must be yes or no, not {text!r}")
        return words[text.lower()]
    return setting.kind(text)


BANK = bank_gateway.locate(None)
FONTS = value("CREDITBANK_FONTS")
DEBUG = value("CREDITBANK_DEBUG")
# Before a bank is founded there are no sessions to keep, so any secret does.
SECRET_KEY = (keys.read(BANK, "session") or {"secret": keys.new_password()})["secret"]
ALLOWED_HOSTS = [host.strip() for host in value("CREDITBANK_HOSTS").split(",") if host.strip()]
ROOT_URLCONF = "creditbank.config.urls"
WSGI_APPLICATION = "creditbank.config.wsgi.application"
APPEND_SLASH = True

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "heroicons",
    "procrastinate.contrib.django",
    "creditbank.records.apps.RecordsConfig",
    "creditbank.web.design",
    "creditbank.web.account",
    "creditbank.web.learner",
    "creditbank.web.office",
    "creditbank.web.public",
]
AUTH_USER_MODEL = "records.Account"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/account/sign-in/"
SILENCED_SYSTEM_CHECKS = ["fields.W342"]


def _connection(role: str) -> dict[str, Any]:
    """Django's description of one of the four logins; before ``init`` a name that cannot connect."""
    plain = {"ENGINE": "django.db.backends.postgresql", "NAME": "not-initialised", "CONN_HEALTH_CHECKS": True}
    if keys.read(BANK, "database") is None:
        return plain
    login = database.logins(BANK)[role]
    # The ledger's statements are prepared; planning them anew for each array length costs more than it wins.
    options = {"options": "-c plan_cache_mode=force_generic_plan -c jit=off"}
    return plain | {
        "NAME": login.dbname,
        "USER": login.user,
        "PASSWORD": login.password,
        "HOST": login.host,
        "PORT": str(login.port),
        "CONN_MAX_AGE": None,
        "OPTIONS": options | ({"sslmode": login.sslmode} if login.sslmode else {}),
    }


DATABASES = {
    "default": _connection("app"),
    "owner": _connection("owner"),
    "sequencer": _connection("sequencer"),
    "auditor": _connection("auditor"),
}
COURIERS = couriers.Couriers(BANK, value("CREDITBANK_MAIL"), value("CREDITBANK_MAIL_FROM"), value("CREDITBANK_SMS"))
PROVIDERS = (
    read_providers(documents.file_bytes(value("CREDITBANK_SIGN_IN"), most_bytes=MOST_BYTES), name="CREDITBANK_SIGN_IN")
    if value("CREDITBANK_SIGN_IN")
    else ()
)
REGISTRATION = value("CREDITBANK_REGISTRATION")
FACTOR_ROLES = frozenset(Role(word.strip()) for word in value("CREDITBANK_SECOND_FACTOR").split(",") if word.strip())

DATABASE_ROUTERS: list[str] = []
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "creditbank.web.design.middleware.request_id",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "creditbank.web.design.middleware.appearance",
    "creditbank.web.problems.problem_details",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "creditbank.web.doors.DoorMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "creditbank.web.design.middleware.context",
                "creditbank.web.doors.visitor",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static"],
        },
    },
]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "manifest-src": ["'self'"],
    },
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "creditbank.web.design.views.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = value("CREDITBANK_HTTPS")
SECURE_HSTS_SECONDS = 31_536_000 if value("CREDITBANK_HTTPS") else 0

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "language"
LOCALE_PATHS = sorted(wording.LOCALE.iterdir())
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
