"""Every setting, read top to bottom; what differs between machines is in the environment."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from commissions_saas import env, logs

BASE_DIR = Path(__file__).resolve().parent.parent

# Where this runs and for whom

DEBUG = env.yes_no("DEBUG", False)
DEMO = env.yes_no("DEMO", False)
SITE_URL = env.web_address("SITE_URL", "http://localhost:8000")
SITE_HOST = urlsplit(SITE_URL).hostname or ""
IS_HTTPS = SITE_URL.startswith("https://")
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
IS_LOCAL = SITE_HOST in ("localhost", "127.0.0.1", "::1")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", SITE_HOST) + (
    LOCAL_HOSTS if IS_LOCAL else []
)
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CLOCK_ANCHOR = env.text("CLOCK_ANCHOR", "")
DEMO_FOLDER = Path(env.text("DEMO_FOLDER", str(BASE_DIR / ".data" / "demo")))

SECRET_KEY = env.text("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.words("OLD_SECRET_KEYS")
ENCRYPTION_KEYS = env.keys("ENCRYPTION_KEYS", "")  # the first encrypts, all decrypt

if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY must have at least 50 characters.")
if SECRET_KEY.startswith("change-me"):
    raise ImproperlyConfigured("SECRET_KEY is still the one of .env.example.")
if DEBUG and not IS_LOCAL:
    raise ImproperlyConfigured(f"DEBUG shows secrets; it is refused on {SITE_HOST}.")
if not IS_LOCAL and not IS_HTTPS and not DEMO:
    raise ImproperlyConfigured(f"SITE_URL must be https:// on {SITE_HOST}.")
if CLOCK_ANCHOR and not (DEMO or DEBUG):
    raise ImproperlyConfigured("CLOCK_ANCHOR is for the demo; business time is real.")

# Apps. A model lives in `public` or in every business's schema, never in both.

SHARED_APPS = [
    "django_tenants",
    "commissions_saas",
    "commissions_saas.demo",
    "tenants.accounts",
    "tenants.jobs",
    "tenants.rollup",
    "tenants.audit",
    "tenants.api",
    "tenants.frame",
    "crm_sync.connections",
    "commissions.library",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "django_structlog",
    "rest_framework",
]
TENANT_APPS = [
    "crm_sync.ledger",
    "crm_sync.accounting",
    "crm_sync.writeback",
    "commissions.plans",
    "commissions.statements",
    "payouts.runs",
    "payouts.journal",
    "payouts.exports",
]
INSTALLED_APPS = SHARED_APPS + TENANT_APPS
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TENANT_MODEL = "accounts.Business"
TENANT_DOMAIN_MODEL = "accounts.Domain"
PUBLIC_SCHEMA_NAME = "public"
TENANT_LIMIT_SET_CALLS = True  # else every query is two
GET_EXECUTOR_FUNCTION = "tenants.accounts.migrate.executor"
GET_EXECUTOR_FUNCTION = "tenants.accounts.migrate.executor"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]

MIDDLEWARE = [
    "tenants.frame.timing.ServerTimingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "commissions_saas.sessions.SessionLifetimeMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tenants.api.middleware.TokenMiddleware",
    "tenants.middleware.BusinessMiddleware",
]
FORM_RENDERER = "tenants.frame.forms.FrameRenderer"
ROOT_URLCONF = "commissions_saas.urls"
WSGI_APPLICATION = "commissions_saas.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tenants.accounts.context.demo",
            ]
        },
    }
]

# PostgreSQL, Redis

DATABASE_POOL = env.whole_number("DATABASE_POOL", 0, most=100)
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "django_tenants.postgresql_backend",
        **env.database("DATABASE_URL"),
        "CONN_MAX_AGE": 0 if DATABASE_POOL else 60,
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"MIGRATE": False},
    }
}
if DATABASE_POOL:
    # For threads. A connection's life is bounded, so that a failed-over server is left.
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": DATABASE_POOL,
        "timeout": 10,
        "max_lifetime": 600,
        "max_idle": 120,
    }

REDIS_URL = env.redis("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        # Without it one business reads what another has cached.
        "KEY_FUNCTION": "django_tenants.cache.make_key",
        "REVERSE_KEY_FUNCTION": "django_tenants.cache.reverse_key",
        "TIMEOUT": 300,
    }
}

# A recalculation of so many credits is done in parts, by several workers.
PARTS_FROM = env.whole_number("PARTS_FROM", 200_000, least=1)
# So many pages of a source that answers at once are written in one transaction.
PAGES_AT_ONCE = env.whole_number("PAGES_AT_ONCE", 20, least=1)

# Celery: a message carries a job's id; the job's row decides what happens.

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace(
    "?db=", "?virtual_host="
)
CELERY_TASK_DEFAULT_QUEUE = "commissions"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_TIMEZONE = "UTC"

# People: one login for all businesses

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{VALIDATION}.UserAttributeSimilarityValidator"},
    {"NAME": f"{VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": f"{VALIDATION}.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "tenants.accounts.forms.FirstBusinessForm"
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {"login_failed": "10/15m/key,100/15m/ip"}
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if IS_HTTPS else "http"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Commissions"
MFA_TOTP_TOLERANCE = 1  # a code still counts that ran out while it was typed
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_HTTPS
ALLAUTH_TRUSTED_PROXY_COUNT = env.whole_number("TRUSTED_PROXIES", 0, most=10)

SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = 12 * 3600  # idle
SESSION_LONGEST_AGE = 7 * 24 * 3600  # however busy
SESSION_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"

# What the browser is told

SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if IS_HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if ALLAUTH_TRUSTED_PROXY_COUNT else None
)
X_FRAME_OPTIONS = "DENY"
# Whoever hosts this decides about the other subdomains of the domain, not we.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# Limits on what is sent to us

DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
UPLOAD_LARGEST_FILE = 20_000_000
DATA_UPLOAD_MAX_NUMBER_FILES = 4
FILE_UPLOAD_HANDLERS = [
    "commissions_saas.uploads.KeepLittle",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tenants.api.framework.TokenOrSession"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["tenants.api.framework.JsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_THROTTLE_CLASSES": ["tenants.api.framework.PerUser"],
    "DEFAULT_THROTTLE_RATES": {"user": "1200/min"},
    "EXCEPTION_HANDLER": "tenants.api.problems.in_words",
    "COERCE_DECIMAL_TO_STRING": True,
}
API_TOKEN_DAYS = env.whole_number("API_TOKEN_DAYS", 30, least=1, most=365)

# Whether sources may be on this machine or on private networks: the operator decides.

ALLOW_PRIVATE_SOURCES = env.yes_no("ALLOW_PRIVATE_SOURCES", False)

# Words, days and numbers

LANGUAGE_CODE = "en-us"
LANGUAGES = [("en-us", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# Files

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"] if (BASE_DIR / "static").exists() else []
# A server collects the files once; the demo and the tests serve them where they lie.
WHITENOISE_USE_FINDERS = env.yes_no("STATIC_FROM_SOURCE", False)
# Where the source is at hand a file is looked for when it is asked for, not at start.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS
STATIC_ROOT = None if WHITENOISE_USE_FINDERS else BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if WHITENOISE_USE_FINDERS
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
MEDIA_ROOT = Path(env.text("MEDIA_FOLDER", str(BASE_DIR / ".data" / "media")))

# Mail, and who is told of faults

MAIL = env.mail("MAIL_URL", "console:")
EMAIL_BACKEND = MAIL["EMAIL_BACKEND"]
EMAIL_FILE_PATH = MAIL.get("EMAIL_FILE_PATH")
EMAIL_HOST = MAIL.get("EMAIL_HOST", "")
EMAIL_PORT = MAIL.get("EMAIL_PORT", 0)
EMAIL_HOST_USER = MAIL.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = MAIL.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_SSL = MAIL.get("EMAIL_USE_SSL", False)
EMAIL_USE_TLS = MAIL.get("EMAIL_USE_TLS", False)
EMAIL_TIMEOUT = MAIL.get("EMAIL_TIMEOUT")
DEFAULT_FROM_EMAIL = env.text("MAIL_FROM", "Commissions <commissions@localhost>")

# Logs

LOG_LEVEL = env.one_of("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO")
LOGGING = logs.configuration(
    env.one_of("LOG_FORMAT", ("json", "text"), "json"), LOG_LEVEL
)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
