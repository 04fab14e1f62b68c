from returns_ops.narvar.urls import urlpatterns

__all__ = ["urlpatterns"]
