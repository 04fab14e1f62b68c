import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "returns_ops.settings")
application = get_wsgi_application()
# What lives as long as the process need not be looked through again with each collection.
gc.collect()
gc.freeze()
