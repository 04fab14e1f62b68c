from django import template
from django.utils.safestring import SafeString

from returns_ops.dashboard.show import badges

register = template.Library()


@register.simple_tag
def icon(name: str, size: int = 16) -> SafeString:
    return badges.icon(str(name), size)


@register.simple_tag
def badge(kind: str, value: str, label: str = "") -> SafeString:
    return badges.badge(str(kind), str(value), str(label))
