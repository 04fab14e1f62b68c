"""Everything comes from the environment; `.env.example` says what each name means."""

import os
from datetime import timedelta

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from returns_ops import environment as env
from returns_ops import logs

BASE_DIR = env.ROOT
env.load_dotenv(BASE_DIR / env.text("DOTENV", ".env"))
PRODUCTION = env.environment() == "production"
VAR = BASE_DIR / env.text("RETURNS_OPS_VAR", "var")

if PRODUCTION:
    SECRET_KEY = env.required("SECRET_KEY")
    FIELD_KEYS = env.words("FIELD_KEYS") or [env.required("FIELD_KEYS")]
    DATABASE_URL = env.required("DATABASE_URL")
    REDIS_URL = env.required("REDIS_URL")
    ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") or [env.required("ALLOWED_HOSTS")]
else:
    SECRET_KEY = env.text("SECRET_KEY") or env.kept_secret(VAR / "secret_key", "token")
    FIELD_KEYS = env.words("FIELD_KEYS") or [env.kept_secret(VAR / "field_key", "fernet")]
    ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1],testserver")
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        DATABASE_URL, REDIS_URL = os.environ["DATABASE_URL"], os.environ["REDIS_URL"]
    else:
        from returns_ops import embedded

        DATABASE_URL = env.text("DATABASE_URL") or embedded.database_url()
        REDIS_URL = env.text("REDIS_URL") or embedded.redis_url()

PORT = int(env.number("PORT", 8000))
PUBLIC_URL = env.text("PUBLIC_URL", f"http://localhost:{PORT}").rstrip("/")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
HOLD_SECONDS = env.number("HOLD_SECONDS", 8)
TICK_SECONDS = env.number("TICK_SECONDS", 1)
BADGE_IDLE_MINUTES = env.number("BADGE_IDLE_MINUTES", 15)
NARVAR_HOSTS = env.words("NARVAR_HOSTS", "szero.narvar.com")
WEBHOOK_BODY_LIMIT = 2 * 1024 * 1024
METRICS_TOKEN = env.text("METRICS_TOKEN")
# How long things are kept that nobody needs for ever. Narvar delivers again for nine hours.
EVENT_DAYS = env.number("EVENT_DAYS", 30)
ANSWER_DAYS = env.number("ANSWER_DAYS", 400)
LOGIN_DAYS = env.number("LOGIN_DAYS", 90)
# A scan is kept against its replay by a device that was offline; a notice, while it may be read.
SCAN_DAYS = env.number("SCAN_DAYS", 90)
NOTICE_DAYS = env.number("NOTICE_DAYS", 90)
if HOLD_SECONDS < 0 or TICK_SECONDS <= 0:
    raise ImproperlyConfigured("HOLD_SECONDS must be 0 or more and TICK_SECONDS above 0")
if BADGE_IDLE_MINUTES <= 0:
    raise ImproperlyConfigured("BADGE_IDLE_MINUTES must be above 0")
if min(EVENT_DAYS, LOGIN_DAYS, NOTICE_DAYS) < 1 or ANSWER_DAYS < 30 or SCAN_DAYS < 7:
    raise ImproperlyConfigured(
        "EVENT_DAYS, LOGIN_DAYS and NOTICE_DAYS must be 1 or more, SCAN_DAYS 7, ANSWER_DAYS 30"
    )

# The desk's daily summary. Without a mail server it is written to the log of the worker.
EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = int(env.number("EMAIL_PORT", 587))
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", True)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "returns@localhost")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"

DEBUG = False
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
ROOT_URLCONF = "returns_ops.urls"
WSGI_APPLICATION = "returns_ops.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"

INSTALLED_APPS = [
    "returns_ops.accounts",
    "returns_ops.messaging",
    "returns_ops.returns",
    "returns_ops.narvar",
    "returns_ops.dashboard",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "template_partials",
    "heroicons",
    "axes",
    "csp",
    "django_structlog",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "returns_ops.dashboard.middleware.BadgeSessionMiddleware",
    "returns_ops.dashboard.middleware.StaffLoginMiddleware",
    "returns_ops.dashboard.middleware.PrivatePagesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "axes.middleware.AxesMiddleware",
]

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
                "returns_ops.dashboard.context.shell",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

STATEMENT_TIMEOUT = "-c statement_timeout=30000 -c lock_timeout=5000"
# A machine that is cut off says no goodbye: both ends notice it within some 20 s, so that no worker
# waits for ever, and no session that nobody has any more keeps its locks.
NOTICE_SILENCE = {
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
SERVER_NOTICES_SILENCE = (
    "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=3 -c tcp_keepalives_count=3"
    " -c tcp_user_timeout=15000"
)
DATABASES = {"default": env.postgres(DATABASE_URL)}
DATABASES["default"] |= {
    "CONN_MAX_AGE": 600,
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {
        "connect_timeout": 5,
        "application_name": env.text("PROCESS_NAME", "returns-ops"),
        "options": f"{STATEMENT_TIMEOUT} {SERVER_NOTICES_SILENCE}"
        " -c idle_in_transaction_session_timeout=60000",
        **NOTICE_SILENCE,
        **DATABASES["default"]["OPTIONS"],  # type: ignore[dict-item]
    },
}

# Sessions, locks and budgets live in PostgreSQL: flushing Redis must not log the warehouse out.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_COOKIE_HTTPONLY = True
SECURE_COOKIES = env.flag("SECURE_COOKIES", PRODUCTION)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
if SECURE_COOKIES:
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", PRODUCTION)
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = int(env.number("SECURE_HSTS_SECONDS", 31_536_000 if PRODUCTION else 0))
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
if env.flag("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AXES_HANDLER = "returns_ops.accounts.lockout.LockoutHandler"
AXES_FAILURE_LIMIT = 5
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = not PRODUCTION
# Photos: read by a view that judges who may see them, and never served as files.
MEDIA_ROOT = BASE_DIR / env.text("MEDIA_ROOT", str(VAR / "media"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = WEBHOOK_BODY_LIMIT

# Celery carries hints, never work: a hint may be lost, doubled or late, and nothing happens.
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_DISABLE_PREFETCH = True
CELERY_WORKER_MAX_TASKS_PER_CHILD = 2000
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 25,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_DEFAULT_QUEUE = "maintenance"
CELERY_TASK_ROUTES = {
    "returns_ops.narvar.tasks.drain_inbox": {"queue": "inbox"},
    "returns_ops.narvar.tasks.drain_outbox": {"queue": "money"},
    "returns_ops.narvar.tasks.look_for_outcomes": {"queue": "reconcile"},
    "returns_ops.narvar.tasks.refetch_doubtful": {"queue": "reconcile"},
    "returns_ops.narvar.tasks.reread_open": {"queue": "reconcile"},
    "returns_ops.narvar.tasks.watch_door": {"queue": "reconcile"},
    "returns_ops.narvar.tasks.count_events": {"queue": "reconcile"},
    "returns_ops.narvar.tasks.sync_locations": {"queue": "reconcile"},
    "returns_ops.narvar.tasks.import_locations": {"queue": "reconcile"},
    "returns_ops.narvar.tasks.replay_events": {"queue": "reconcile"},
    "returns_ops.narvar.tasks.end_requests": {"queue": "reconcile"},
    "returns_ops.narvar.tasks.tend_desk": {"queue": "reconcile"},
    "returns_ops.narvar.tasks.run_bulk": {"queue": "reconcile"},
    "returns_ops.narvar.tasks.send_digests": {"queue": "reconcile"},
    "returns_ops.narvar.tasks.retire_old": {"queue": "reconcile"},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / "celerybeat-schedule")
CELERY_BEAT_MAX_LOOP_INTERVAL = min(1.0, TICK_SECONDS)
CELERY_BEAT_SCHEDULE = {
    "drain_inbox": {
        "task": "returns_ops.narvar.tasks.drain_inbox",
        "schedule": TICK_SECONDS,
        "options": {"expires": 5},
    },
    "drain_outbox": {
        "task": "returns_ops.narvar.tasks.drain_outbox",
        "schedule": TICK_SECONDS,
        "options": {"expires": 5},
    },
    "look_for_outcomes": {
        "task": "returns_ops.narvar.tasks.look_for_outcomes",
        "schedule": 5 * TICK_SECONDS,
        "options": {"expires": 5},
    },
    "refetch_doubtful": {
        "task": "returns_ops.narvar.tasks.refetch_doubtful",
        "schedule": 10.0,
        "options": {"expires": 9},
    },
    "reread_open": {
        "task": "returns_ops.narvar.tasks.reread_open",
        "schedule": 30.0,
        "options": {"expires": 25},
    },
    "watch_door": {
        "task": "returns_ops.narvar.tasks.watch_door",
        "schedule": 10.0,
        "options": {"expires": 9},
    },
    "replay_events": {
        "task": "returns_ops.narvar.tasks.replay_events",
        "schedule": 2.0,
        "options": {"expires": 2},
    },
    "tend_desk": {
        "task": "returns_ops.narvar.tasks.tend_desk",
        "schedule": 30.0,
        "options": {"expires": 25},
    },
    "run_bulk": {
        "task": "returns_ops.narvar.tasks.run_bulk",
        "schedule": 2.0,
        "options": {"expires": 2},
    },
    "send_digests": {
        "task": "returns_ops.narvar.tasks.send_digests",
        "schedule": 600.0,
        "options": {"expires": 300},
    },
    "end_requests": {
        "task": "returns_ops.narvar.tasks.end_requests",
        "schedule": 60.0,
        "options": {"expires": 50},
    },
    "count_events": {
        "task": "returns_ops.narvar.tasks.count_events",
        "schedule": 600.0,
        "options": {"expires": 300},
    },
    "sync_locations": {
        "task": "returns_ops.narvar.tasks.sync_locations",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "import_locations": {
        "task": "returns_ops.narvar.tasks.import_locations",
        "schedule": 2.0,
        "options": {"expires": 2},
    },
    "retire_old": {
        "task": "returns_ops.narvar.tasks.retire_old",
        "schedule": 3600.0,
        "options": {"expires": 1800},
    },
    "fold_counters": {
        "task": "returns_ops.narvar.tasks.fold_counters",
        "schedule": 30.0,
        "options": {"expires": 25},
    },
}

LOGGING = logs.configure(json=PRODUCTION)
DJANGO_STRUCTLOG_USER_ID_FIELD = "pk"
