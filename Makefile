# A bare machine needs Python 3.11 (with venv) and make; everything else is made here.
#   make demo            make demo PORT=8001
#   make test            make test TESTS=tests/returns ARGS="-k refund -x"

SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

PORT ?= 8000
TESTS ?=
ARGS ?=
PYTEST_WORKERS ?= 2
export PORT

# What the caller's shell may carry must not reach our interpreter or our pip.
unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP VIRTUAL_ENV PIP_TARGET PIP_PREFIX PIP_USER PIP_REQUIRE_VIRTUALENV PIP_NO_BINARY
export PYTHONNOUSERSITE := 1

VENV := .venv
RUN := $(VENV)/bin/python
EMBEDDED := $(RUN) -m returns_ops.embedded
# For tools that read the settings but never connect.
NO_SERVERS := DATABASE_URL=postgresql://nobody@127.0.0.1:1/none REDIS_URL=redis://127.0.0.1:1/0
PRODUCTION := RETURNS_OPS_ENV=production ALLOWED_HOSTS=returns.example.com \
	PUBLIC_URL=https://returns.example.com \
	SECRET_KEY=only-for-this-check-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ \
	FIELD_KEYS=b25seS1mb3ItdGhpcy1jaGVjay0wMTIzNDU2Nzg5LWE=

.PHONY: help demo serve test check bench lock clean-var venv

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf '  make %-10s %s\n' "$$name" "$$text"; done

demo: venv ## the whole dashboard with a living stream of returns, on http://localhost:$PORT
	@exec $(RUN) -m returns_ops.run demo --with-parent

serve: venv ## the same stack without simulator and demo data, settings from the environment or .env
	@exec $(RUN) -m returns_ops.run serve --with-parent

test: venv ## all tests beside throwaway servers (TESTS=path ARGS="-k words")
	@RETURNS_OPS_ENV=development DOTENV=none exec $(EMBEDDED) exec --temporary -- $(RUN) -m pytest -n $(PYTEST_WORKERS) $(TESTS) $(ARGS)

check: venv ## format, lint, types, imports, migrations, deployment settings, templates, audit
	@echo "== format";       $(RUN) -m ruff format --check .
	@echo "== lint";         $(RUN) -m ruff check .
	@echo "== types";        $(NO_SERVERS) $(RUN) -m mypy
	@echo "== import direction"
	@if [ -f tests/test_architecture.py ]; then \
		$(NO_SERVERS) $(RUN) -m pytest tests/test_architecture.py; fi
	@echo "== missing migrations"
	@$(EMBEDDED) exec --temporary -- $(RUN) manage.py makemigrations --check --dry-run
	@echo "== deployment settings"
	@$(NO_SERVERS) $(PRODUCTION) $(RUN) manage.py check --deploy --fail-level WARNING
	@echo "== templates";    $(RUN) -m djlint --quiet --lint templates
	@echo "== compose file"
	@if docker compose version >/dev/null 2>&1; then \
		$(PRODUCTION) POSTGRES_PASSWORD=check REDIS_PASSWORD=check docker compose --env-file /dev/null \
			--profile demo config -q && echo "docker-compose.yml is valid"; \
	else echo "skipped: no docker client with compose here"; fi
	@echo "== known vulnerabilities"
	@$(AUDIT)

bench: venv ## benchmarks against the limit, measured in the same run
	@exec $(EMBEDDED) exec --temporary --durable -- $(RUN) -m benchmarks $(ARGS)

clean-var: venv ## end the embedded servers and delete var/ (all development data)
	@$(EMBEDDED) stop
	@cd "$${RETURNS_OPS_VAR:-var}" 2>/dev/null || exit 0; \
	rm -rf embedded locking demo.json narvar-simulator.json* secret_key field_key \
		celerybeat-schedule* runner.lock

# Being offline is no finding: only a vulnerability in what we ship fails.
define AUDIT
said=$$(timeout 120 $(RUN) -m pip_audit --disable-pip --require-hashes --progress-spinner off \
	-r requirements-production.lock 2>&1); code=$$?; \
case "$$code $$said" in \
0*) echo "none known ($$(echo "$$said" | grep -c 'could not be audited') packages are not in the index)" ;; \
*Found*vulnerabilit*) echo "$$said"; exit 1 ;; \
*) echo "skipped: the index of vulnerabilities is not reachable ($$(echo "$$said" | tail -1 | cut -c1-120))" ;; esac
endef

lock: ## rebuild both lock files from pyproject.toml (UPGRADE=1: newest versions)
	@$(FIND_PYTHON); test -x var/locking/bin/uv || { "$$python" -m venv --clear var/locking && \
		var/locking/bin/python -m pip install --quiet uv; }
	@$(COMPILE) --extra dev $(if $(UPGRADE),--upgrade) pyproject.toml -o requirements.lock
	@$(COMPILE) -c requirements.lock pyproject.toml -o requirements-production.lock

# No index, no local wheels, no comments: the lock says what, the machine says from where.
COMPILE = env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL -u UV_FIND_LINKS -u UV_EXTRA_INDEX_URL \
	var/locking/bin/uv --no-config pip compile --quiet --generate-hashes --universal \
	--python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header --no-annotate

# The first of these that is 3.11 or later; $$PYTHON is asked first.
define FIND_PYTHON
for python in "$(PYTHON)" python3.11 python3.12 python3.13 python3; do \
	if [ -n "$$python" ] && "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		>/dev/null 2>&1; then break; fi; python=; done; \
if [ -z "$$python" ]; then \
	echo "Python 3.11 or later is needed. Found none; name one with: make PYTHON=/path/to/python3.11" >&2; \
	exit 1; fi
endef

# The stamp is written last and names the place, the interpreter and the lock. Without one the
# environment is half made, with another place or interpreter it is not ours: begin again.
venv:
	@want="$$(pwd) $$(cksum < requirements.lock)"; \
	if [ "$$(cat $(VENV)/stamp 2>/dev/null)" = "$$want" ] && $(RUN) -c '' 2>/dev/null; then exit 0; fi; \
	$(FIND_PYTHON); \
	case "$$(cat $(VENV)/stamp 2>/dev/null)" in \
	"$$(pwd) "*) $(RUN) -c '' 2>/dev/null || fresh=1 ;; \
	*) fresh=1 ;; esac; \
	rm -f $(VENV)/stamp; \
	if [ -n "$$fresh" ]; then \
		echo "Making $(VENV) with $$($$python --version) …"; \
		"$$python" -m venv --clear $(VENV) || { \
			echo "This Python cannot make virtual environments (on Debian: apt install python3-venv)." >&2; \
			rm -rf $(VENV); exit 1; }; fi; \
	echo "Installing the packages of requirements.lock …"; \
	$(RUN) -m pip install --quiet --no-deps --no-compile --require-hashes \
		--disable-pip-version-check -r requirements.lock || exit 1; \
	echo "$$want" > $(VENV)/stamp
