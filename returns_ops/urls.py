from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("returns_ops.narvar.urls")),
    path("admin/", admin.site.urls),
    path("", include("returns_ops.dashboard.urls")),
]
