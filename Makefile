# Jike. The two commands that matter: `make demo` and `make test`.
.DEFAULT_GOAL := help
SHELL := /bin/sh

BIN      := bin/jike
LINTER   := bin/golangci-lint
LINT_VER := v2.15.0
GO_SRC    = $(shell find cmd internal national province schemas sync xmlapi -type f; find web -maxdepth 1 -name '*.go'; find web/placeholder -type f)
WEB_SRC   = $(shell find web/src web/scripts schemas/openapi schemas/codes -type f; ls web/index.html web/package.json web/tsconfig.json web/vite.config.ts)
ROUNDS   ?= 10
RACED     = ./internal/... ./sync/...
NORACE    = $(shell grep -rl --include=*_test.go '^//go:build !race' sync)
RIGS      = ^(TestFaults|TestTheCheckerSeesDamage|TestThePowerCutCuts)$$
UNRACED   = ./cmd/... ./deploy/... ./national/... ./province/... ./schemas/... ./web/... ./xmlapi/...

# Tests write much and keep nothing. Where memory has room for it they need no disk.
in-memory = TMPDIR=$$(df --output=avail /dev/shm 2>/dev/null | awk 'NR == 2 && $$1 > 8000000 { dir = "/dev/shm" } END { print dir ? dir : "/tmp" }')

.PHONY: help demo check-demo test test-go test-raced test-unraced test-web test-browser test-portal faults controls lint long bench build clean setup setup-test

help: ## what can be made
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

demo: setup build ## two provinces and headquarters with live traffic; Ctrl-C ends it, the next run resumes
	$(BIN) demo

check-demo: setup build ## the main job unattended, checked from outside, with kills
	$(BIN) demo check

test: setup-test build lint test-go ## everything that CI runs
	$(MAKE) --no-print-directory --output-sync=target -j2 faults test-portal

test-go: setup-test # the linter has vetted
	$(MAKE) --no-print-directory --output-sync=target -j2 test-raced test-unraced # side by side: most of them wait for other processes

test-raced: # but for whole rigs under faults, which make faults has without the race detector and make long with it
	$(in-memory) go test -race -vet=off -p 4 -timeout 20m -skip '$(RIGS)' $(RACED)

test-unraced: # make long has the race detector watch these too
	$(in-memory) go test -vet=off -p 2 -timeout 20m $(UNRACED)
	$(in-memory) go test -vet=off -p 2 -run "^($$(grep -hoE '^func Test\w+' $(NORACE) | cut -d' ' -f2 | paste -sd'|'))$$" $(sort $(addprefix ./,$(dir $(NORACE)))) # what is not for the race detector, see there

test-web: web/dist/index.html
	cd web && npm run --silent test

test-portal: test-web # the walks after it, and both beside the faults, which leave half a core idle
	$(MAKE) --no-print-directory test-browser

test-browser: setup-test build ## both portals in a headless Chromium; pictures in build/screenshots
	$(in-memory) go test -vet=off -tags browser -count=1 -timeout 20m -run TestBrowser -v ./cmd/jike/demo/...

faults: setup-test ## every fault once, each part a process of its own; JIKE_SEED=… draws the same again
	JIKE_FAULTS=1 $(in-memory) go test -vet=off -count=1 -timeout 20m -run '$(RIGS)|^TestControls$$' -v ./sync/faulttest

controls: setup-test ## each mechanism switched off in a build of its own: the suite must fail
	JIKE_LONG=1 go test -count=1 -timeout 30m -run '^TestControls$$' -v ./sync/faulttest

lint: $(LINTER)
	$(LINTER) run --allow-parallel-runners ./...

long: setup-test build ## what takes longer than CI may: ROUNDS of faults, 5 reconciliations for each, all controls
	$(BIN) demo check --kills 5
	JIKE_LONG=1 JIKE_FAULTS=1 JIKE_ROUNDS=$(ROUNDS) JIKE_RECONCILIATIONS=$$((5 * $(ROUNDS))) \
		go test -count=1 -timeout 5h -v -run '^(TestLong|TestReconciliations|TestControls)$$' ./sync/faulttest
	JIKE_LONG=1 go test -count=1 -timeout 60m -skip '^(TestLong|TestReconciliations|TestControls|TestFaults)$$' ./sync/... ./deploy/... ./province/...
	go test -race -count=1 -p 2 -timeout 45m $(UNRACED) ./sync/faulttest

bench: build ## the ratios against native replication and against JSON
	$(BIN) bench sync
	$(BIN) bench sync-copy
	$(BIN) bench sync-join
	$(BIN) bench reconcile
	$(BIN) bench xml
	$(BIN) bench portal --dir data/bench-portal # seeds a million customers first, for half an hour
	$(BIN) bench report

build: $(BIN) ## the binary with its front end

setup:
	@deploy/install.sh run

setup-test:
	@deploy/install.sh test

$(BIN): web/dist/index.html $(GO_SRC) go.mod go.sum
	go build -o $(BIN) ./cmd/jike

web/dist/index.html: web/node_modules/.package-lock.json $(WEB_SRC)
	cd web && npm run --silent build

web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(LINTER):
	GOBIN=$(CURDIR)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VER)

clean: ## what was built, not the demo's data
	rm -rf bin web/dist web/node_modules
