# What a person types. It needs Go, git and make; what the tests need besides is installed by `make deps`.
SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
.NOTPARALLEL:

GO       ?= go
FUZZTIME ?= 5m
COUNT    ?= 6
IMAGE    ?= hubbub
# The comparison with peers and with a bare write loop. It is no part of this repository.
COMPARE  ?= ../shared/bench/compare.sh
# What the tests need beyond Go, as command=package of Debian. The race detector needs a C compiler.
NEEDS    := gcc=build-essential tmux=tmux initdb=postgresql /usr/sbin/pgbouncer=pgbouncer
# Prints what go test prints, then the number of tests and those that were not run.
GOTEST   := $(GO) tool gotestsum --format standard-quiet --
# What the race detector leaves out, and why: internal/testenv, race.go.
UNWATCHED := modernc.org/sqlite/lib modernc.org/libc golang.org/x/crypto/argon2 golang.org/x/crypto/blake2b
RACE     := -race $(UNWATCHED:%=-gcflags=%=-race=false)
# Packages whose tests run whole servers, under load or with the real program: `make check` leaves them out.
SLOW     := /cmd/hubbub$$|/loadtest$$|/loadtest/swarm$$
# Files that `make gen` writes.
GENERATED := $(wildcard README.md docs/PROTOCOL.md docs/performance/*.svg handler/account/scriptextensions.go)

# Go stamps version and revision into the binary, where it can ask git.
VCS   := $(shell git rev-parse HEAD >/dev/null 2>&1 && echo auto || echo false)
BUILD := CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=$(VCS)

help: ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' Makefile | expand -t 12

.PHONY: help build run check test race norace lint gofmt vet staticcheck stale gen deps fuzz bench cross image clean

build: ## bin/hubbub, static
	$(BUILD) -o bin/hubbub ./cmd/hubbub

run: build ## the server, with ARGS
	bin/hubbub serve $(ARGS)

check: lint stale ## what to run while working: lint, generated files and the quick tests, within 3 minutes
	$(GOTEST) $$($(GO) list ./... | grep -vE '$(SLOW)')

test: deps lint stale norace race ## everything that must hold before a merge; its end says what was not run, and why

# A program with the race detector sleeps for a second when it ends, for races that come late.
race: deps
	GORACE="atexit_sleep_ms=100 $${GORACE:-}" CGO_ENABLED=1 $(GOTEST) $(RACE) -timeout 35m ./...

# Files with !race hold tests that count allocations, memory and time, which the race detector changes. internal/tidy fails
# for a test that neither this nor `race` runs.
norace:
	@files=$$(grep -rlE --include='*_test.go' '^//go:build.*!race' .); \
	tests=$$(sed -n 's/^func \(Test[A-Za-z0-9_]*\)(.*/\1/p' $$files | paste -sd'|'); \
	packages=$$(dirname $$(grep -l '^func Test' $$files) | sort -u | paste -sd' '); \
	set -x; $(GOTEST) -run "^($$tests)$$" $$packages

lint: gofmt vet staticcheck ## what needs no test to be seen

gofmt:
	@bad=$$("$$($(GO) env GOROOT)/bin/gofmt" -l .); test -z "$$bad" || { echo "gofmt would change:"; echo "$$bad"; exit 1; } >&2

vet:
	$(GO) vet ./...

staticcheck:
	$(GO) tool staticcheck ./...

gen: ## README's table of flags, docs/PROTOCOL.md and the table of scripts
	$(GO) generate ./...

stale:
	@before=$$(cksum $(GENERATED)); $(GO) generate ./...; test "$$before" = "$$(cksum $(GENERATED))" || \
		{ echo "generated files were stale; they are written anew, commit them: $(GENERATED)"; exit 1; } >&2

# Debian keeps PostgreSQL's programs out of PATH, and would start a server that nobody asked for.
deps: ## what the tests need beyond Go, from Debian's packages
	@PATH+=$$(printf ':%s' /usr/lib/postgresql/*/bin); \
	missing=; for need in $(NEEDS); do command -v "$${need%%=*}" >/dev/null || missing+=" $${need##*=}"; done; \
	test -z "$$missing" || { \
		as=$$(test "$$(id -u)" = 0 || echo sudo); export DEBIAN_FRONTEND=noninteractive; \
		quiet=/etc/postgresql-common/createcluster.d/hubbub.conf; trap "$$as rm -f $$quiet" EXIT; \
		echo 'create_main_cluster = false' | $$as install -D -m 644 /dev/stdin $$quiet; \
		$$as apt-get update -qq && $$as apt-get install -y -qq --no-install-recommends $$missing; } </dev/null

fuzz: ## each fuzz target for FUZZTIME
	@for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' "$$package" | grep '^Fuzz' || true); do \
			echo "== $$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) "$$package"; \
		done; \
	done

bench: build ## Go benchmarks into bin/bench.txt, for benchstat; then the comparison, where there is one
	$(GO) test -run '^$$' -bench . -benchmem -count $(COUNT) ./... | tee bin/bench.txt
	@if test -x "$(COMPARE)"; then \
		SERVER='bin/hubbub serve --listen 127.0.0.1:7020 --admin 127.0.0.1:7021 --message-rate 0 --outbox-bytes 64MiB' "$(COMPARE)"; \
	else echo "no comparison: $(COMPARE) is not there"; fi

cross: ## binaries for the other systems
	GOOS=linux GOARCH=arm64 $(BUILD) -o bin/hubbub-linux-arm64 ./cmd/hubbub
	GOOS=darwin GOARCH=arm64 $(BUILD) -o bin/hubbub-darwin-arm64 ./cmd/hubbub
	GOOS=windows GOARCH=amd64 $(BUILD) -o bin/hubbub-windows-amd64.exe ./cmd/hubbub

image: ## the container image, with docker
	docker build -t $(IMAGE) --build-arg VERSION="$$(git describe --tags --always --dirty)" \
		--build-arg REVISION="$$(git rev-parse HEAD)" .

clean:
	rm -rf bin
