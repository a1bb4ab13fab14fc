# Everything a newcomer needs is `make run`; `make` alone lists the rest.

MAKEFLAGS += --no-print-directory
BINARY  := bin/parley
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
# The packages are reinstalled when the content of the lock file changes, regardless of its modification time.
PACKAGES := node_modules/.installed-$(shell cksum <package-lock.json | tr ' ' '-')
# The linters and generators with which the tests check the OpenAPI document.
OPENAPI_TOOLS := tools/openapi/node_modules/.installed-$(shell cksum <tools/openapi/package-lock.json | tr ' ' '-')
# The command in the same version as the library.
TEMPL := go run github.com/a-h/templ/cmd/templ@$(shell awk '$$1 == "github.com/a-h/templ" { print $$2 }' go.mod)

# The packages whose tests also run with the race detector, if there is a C compiler, which it needs.
RACE          := $(shell command -v "$$(go env CC)" >/dev/null 2>&1 && echo -race)
RACE_PACKAGES := parley/models parley/web/live parley/web/limit parley/jobs

.PHONY: help run build assets generate test test-faults bench simulate screenshots lint vuln clean redis

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

run: build redis ## build and start everything with sample data, and print the addresses
	@exec $(BINARY) run

build: assets ## build bin/parley
	@[ -x $(BINARY) ] || echo "Compiling parley; the first time takes a minute or two"
	@go build -buildvcs=false -ldflags "-X main.version=$(VERSION)" -o $(BINARY) .

assets: $(PACKAGES)
	@node static/build.mjs

$(PACKAGES): | tools-present
	@echo "Installing the npm packages into node_modules"
	@npm ci --ignore-scripts --no-progress --loglevel=error
	@touch $@

.PHONY: tools-present
tools-present:
	@go version >/dev/null || { echo "Parley needs Go 1.26 or newer: https://go.dev/dl" >&2; exit 1; }
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || { echo "Parley needs Node.js 20 or newer: https://nodejs.org" >&2; exit 1; }

redis:
	@.ci/redis

# One folder at a time: templ writes paths relative to the one it is given into the files.
generate: ## generate the *_templ.go files and the settings in README and openapi.yaml
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

test: assets openapi-tools ## run all tests; downloads Redis, a browser, nginx and promtool if missing
	@.ci/redis --always
	@echo "Checking the generated code"
	@.ci/generated
	@echo "Vetting"
	@go vet ./...
	@echo "Compiling the tests"
	@{ go test $(RACE) -vet=off -run '^$$' $(RACE_PACKAGES); go test -vet=off -run '^$$' ./...; } >/dev/null 2>&1 || true
	@echo "Testing"
	@PARLEY_CHROMIUM="$$(.ci/browser)" PARLEY_NGINX="$$(.ci/nginx)" && \
		PARLEY_PROMTOOL="$$(.ci/promtool)" && export PARLEY_CHROMIUM PARLEY_NGINX PARLEY_PROMTOOL && \
		go test -p 1 $(RACE) -vet=off $(RACE_PACKAGES) && \
		go test -p 1 -vet=off $$(go list ./... | grep -vxF "$$(printf '%s\n' $(RACE_PACKAGES) parley/web parley/web/faulttest)") && \
		PG_BIN="$$(.ci/postgres)" go test -vet=off -parallel 1 ./web/faulttest && go test -vet=off -parallel 4 -timeout 20m ./web

test-faults: assets ## run all fault tests; NAME= selects by name, COUNT= repeats
	@.ci/redis --always
	@PARLEY_NGINX="$$(.ci/nginx)" && PG_BIN="$$(.ci/postgres)" && export PARLEY_NGINX PG_BIN && PARLEY_FAULTS=long go test ./web/faulttest -run '$(NAME)' -count=$(or $(COUNT),1) -timeout 3h -v

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

lint: assets ## run golangci-lint, built on first use
	@echo "Linting; the first time builds the linter, which takes some minutes"
	@go tool -modfile=tools/go.mod golangci-lint run

vuln: ## check dependencies for known vulnerabilities (needs network)
	@echo "Looking for known vulnerabilities; the first time builds the tool"
	@.ci/vuln

clean: ## remove builds and downloads; keeps the data in .parley
	rm -rf bin node_modules tools/openapi/node_modules .tools
	find static/dist -mindepth 1 ! -name .gitkeep -delete
