.PHONY: test
# Installs what the tests need, runs every test, ends with the counts.
# SKIP_BROWSER=1 skips the browser tests, SKIP_PYTHON=1 those in Python.
test:
	@command -v node >/dev/null || { echo "make test: Node.js 20.19 or newer with npm is missing, see https://nodejs.org/" >&2; exit 1; }
	@node tests/run/main.mjs
