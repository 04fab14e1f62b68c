"""Personal data in lists: enough to tell two apart, too little to write to anybody."""


def masked_email(email: str) -> str:
    """`a•••@e•••.com`; what is no address shows its first letter at most."""
    name, at, domain = email.strip().rpartition("@")
    if not at or not name or not domain:
        return f"{email.strip()[:1]}•••" if email.strip() else ""
    host, dot, ending = domain.rpartition(".")
    shown = f"{host[:1]}•••{dot}{ending}" if host else "•••"
    return f"{name[:1]}•••@{shown}"
