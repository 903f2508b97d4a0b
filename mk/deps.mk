# The packages of Debian 12 that are needed: packages.txt is the one list.

# $(call missing,WORDS): packages for these purposes that dpkg does not have; nothing on systems
# without dpkg.
missing = command -v dpkg-query >/dev/null || exit 0; \
  for p in $$(awk '!/^\#/ && $$2 ~ /^($(1))$$/ {print $$1}' packages.txt); do \
    dpkg-query -W -f '$${Status}\n' $$p 2>/dev/null | grep -q ' installed$$' || echo $$p; done
packages-build:
	@missing=$$($(call missing,build)); \
	  for p in $$missing; do echo "missing package: $$p (\`make deps\` installs it)" >&2; done; \
	  [ -z "$$missing" ]
deps: ## install missing packages of packages.txt (needs root or sudo)
	@missing=$$($(call missing,build|test|tidy)); [ -z "$$missing" ] || { \
	  echo "installing:" $$missing; \
	  export DEBIAN_FRONTEND=noninteractive; sudo=; [ `id -u` = 0 ] || sudo="sudo -n -E"; \
	  $$sudo apt-get update -q && \
	  $$sudo apt-get install -q -y --no-install-recommends $$missing; }
.PHONY: packages-build deps
