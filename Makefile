# Everything a newcomer needs is `make run`; `make` alone lists the rest.

MAKEFLAGS += --no-print-directory
BINARY  := bin/parley
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
COMMIT  := $(shell git rev-parse HEAD 2>/dev/null)
# The packages are reinstalled when the content of the lock file changes, regardless of its modification time.
PACKAGES := node_modules/.installed-$(shell cksum <package-lock.json | tr ' ' '-')
# The linters and generators with which the tests check the OpenAPI document.
OPENAPI_TOOLS := tools/openapi/node_modules/.installed-$(shell cksum <tools/openapi/package-lock.json | tr ' ' '-')
# The command in the same version as the library.
TEMPL := go run github.com/a-h/templ/cmd/templ@$(shell awk '$$1 == "github.com/a-h/templ" { print $$2 }' go.mod)

# Without the path of this folder in what is compiled, all clones on a machine share the build cache.
export GOFLAGS := $(strip $(shell go env GOFLAGS 2>/dev/null) -trimpath)

# The packages whose tests also run with the race detector, if there is a C compiler, which it needs.
RACE          := $(shell command -v "$$(go env CC)" >/dev/null 2>&1 && echo -race)
RACE_PACKAGES := parley/models parley/web/live parley/web/limit parley/jobs

# A test that fails is run again by itself, at most twice: on two busy cores a browser can stall for longer than a test waits. The
# summary names each run that failed.
GOTESTSUM := go tool -modfile=tools/go.mod gotestsum --format pkgname --hide-summary skipped --rerun-fails=2 --rerun-fails-max-failures=5 \
	--rerun-fails-abort-on-data-race --rerun-fails-run-root-test

# `make test` vets everything once, before it compiles the tests. Without tables for a debugger they link faster. A package may take as long
# as a slow machine needs; what hangs fails much earlier, by the limits of the tests themselves.
TEST_FLAGS := -vet=off -ldflags='-s -w' -timeout 60m

# The programs that the tests start; each is downloaded if it is missing. Tests of a missing Caddy or HAProxy are skipped.
TEST_PROGRAMS := PARLEY_CHROMIUM="$$(.ci/browser)" && PARLEY_NGINX="$$(.ci/nginx)" && PARLEY_PROMTOOL="$$(.ci/promtool)" && \
	PARLEY_PGBOUNCER="$$(.ci/pgbouncer)" && PARLEY_CADDY="$$(.ci/caddy || true)" && PARLEY_HAPROXY="$$(.ci/haproxy || true)" && \
	export PARLEY_CHROMIUM PARLEY_NGINX PARLEY_PROMTOOL PARLEY_PGBOUNCER PARLEY_CADDY PARLEY_HAPROXY

.PHONY: help run build assets generate test test-faults bench simulate screenshots release image lint vuln clean redis

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

run: build redis ## build and start everything with sample data, and print the addresses
	@exec $(BINARY) run

build: assets ## build bin/parley
	@[ -x $(BINARY) ] || echo "Compiling parley; the first time takes a minute or two"
	@go build -buildvcs=false -ldflags "-X main.version=$(VERSION) -X main.commit=$(COMMIT)" -o $(BINARY) .

assets: $(PACKAGES)
	@node static/build.mjs

$(PACKAGES): | tools-present
	@echo "Installing the npm packages into node_modules"
	@npm ci --include=dev --ignore-scripts --no-progress --loglevel=error
	@touch $@

.PHONY: tools-present
tools-present:
	@go version >/dev/null || { echo "Parley needs Go 1.26 or newer: https://go.dev/dl" >&2; exit 1; }
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || { echo "Parley needs Node.js 20 or newer: https://nodejs.org" >&2; exit 1; }

redis:
	@.ci/redis

# One folder at a time: templ writes paths relative to the one it is given into the files.
generate: ## generate the *_templ.go files and the settings in README.md, docs/deploy/parley.env and openapi.yaml
	@for dir in $$(find . -name node_modules -prune -o -name '*.templ' -exec dirname {} + | sort -u); do \
		$(TEMPL) generate -path $$dir -log-level error || exit; \
	done
	@go run ./jobs/cli/gendocs

# What the tests of openapi.yaml need: npm packages, and the generator of Go clients compiled once.
.PHONY: openapi-tools
openapi-tools: $(OPENAPI_TOOLS)
	@cd tools/openapi/goclient && go build -o /dev/null github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen

$(OPENAPI_TOOLS): | tools-present
	@echo "Installing the OpenAPI tools into tools/openapi/node_modules"
	@npm ci --prefix tools/openapi --ignore-scripts --no-progress --loglevel=error
	@touch $@

test: assets openapi-tools ## run all tests; downloads Redis, a browser, proxies, promtool and PgBouncer if missing
	@.ci/redis --always
	@echo "Checking the generated code"
	@.ci/generated
	@echo "Vetting"
	@go vet ./...
	@echo "Compiling the tests"
	@{ go test $(RACE) $(TEST_FLAGS) -run '^$$' $(RACE_PACKAGES); go test $(TEST_FLAGS) -run '^$$' ./...; } >/dev/null 2>&1 || true
	@echo "Testing"
	@$(TEST_PROGRAMS) && \
		$(GOTESTSUM) --packages '$(RACE_PACKAGES)' -- -p 1 $(RACE) $(TEST_FLAGS) && \
		$(GOTESTSUM) --packages "$$(go list ./... | grep -vxF "$$(printf '%s\n' $(RACE_PACKAGES) parley/web parley/web/faulttest)" | tr '\n' ' ')" \
			-- -p 1 $(TEST_FLAGS) && \
		PG_BIN="$$(.ci/postgres)" $(GOTESTSUM) --packages parley/web/faulttest -- $(TEST_FLAGS) && \
		$(GOTESTSUM) --packages parley/web -- -parallel 4 $(TEST_FLAGS)

test-faults: assets ## run all fault tests; NAME= selects by name, COUNT= repeats
	@.ci/redis --always
	@$(TEST_PROGRAMS) && PG_BIN="$$(.ci/postgres)" && export PG_BIN && \
		PARLEY_FAULTS=long go test ./web/faulttest -run '$(NAME)' -count=$(or $(COUNT),1) -timeout 3h -v

bench: build ## run the benchmarks of docs/performance.md; BENCH='-only messages -v' selects
	@.ci/redis --always
	@go build -buildvcs=false -o bin/load ./web/loadtest
	@exec bin/load -binary $(BINARY) -docs docs $(BENCH)

simulate: ## run the estimator of the wait through simulated desks
	@go run ./models/simulate

screenshots: assets ## take the README pictures from the running program
	@.ci/redis --always
	@mkdir -p docs
	@PARLEY_CHROMIUM="$$(.ci/browser)" && export PARLEY_CHROMIUM && go test -tags screenshots -run '^TestScreenshots$$' -count=1 ./web

release: assets ## build programs, Debian packages, image, SBOM and checksums into dist
	@.package/release '$(VERSION)' '$(COMMIT)'

image: ## build the image parley:<version> with docker, or with BUILDER=podman
	@$(or $(BUILDER),docker) build --build-arg VERSION='$(VERSION)' --build-arg COMMIT='$(COMMIT)' --tag 'parley:$(VERSION)' .

lint: assets ## run golangci-lint, built on first use
	@echo "Linting; the first time builds the linter, which takes some minutes"
	@go tool -modfile=tools/go.mod golangci-lint run

vuln: ## check dependencies for known vulnerabilities (needs network)
	@echo "Looking for known vulnerabilities; the first time builds the tool"
	@.ci/vuln

clean: ## remove builds and downloads; keeps the data in .parley
	rm -rf bin dist node_modules tools/openapi/node_modules .tools
	find static/dist -mindepth 1 ! -name .gitkeep -delete
