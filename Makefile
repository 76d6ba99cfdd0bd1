# splicelab: `make run` is the way in, `make help` lists the rest.
#
# Everything built goes to bin/, every report of `make run` to out/. Nothing
# here is needed to use Go's own commands: `go build ./...`, `go test ./...`
# work on a bare checkout.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.DELETE_ON_ERROR:

# What `splicelab version` says. A tree without git is "devel".
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
COMMIT  := $(shell git describe --match '' --always --abbrev=40 --dirty 2>/dev/null)

# The shipped program is static, so that it runs on any host; only the race
# detector of `make test` needs cgo. Building, vetting and testing with the same
# settings compiles each package once for all of them.
export CGO_ENABLED := 0
export GOFLAGS := -trimpath $(GOFLAGS)
GOBUILD := GOOS=linux GOARCH=amd64 go build -buildvcs=false

# Kernels that the VM tests boot: two long-lived series between which both the
# page cache and what splice does with it have changed.
TEST_KERNELS ?= 5.10,6.12

# What tests need that boot kernels, or run splicelab as a process.
VM_TESTS := SPLICELAB_VM_TESTS=1 SPLICELAB_TEST_KERNELS=$(CURDIR)/bin/test-kernels SPLICELAB_GUEST_DIR=$(CURDIR)/bin/guest SPLICELAB_BINARY=$(CURDIR)/bin/splicelab

# Libraries that only compute: with the race detector they take most of the time.
UNINSTRUMENTED := $(foreach lib,compress/flate regexp/... modernc.org/sqlite/lib modernc.org/libc/... github.com/ulikunitz/xz/... \
	github.com/klauspost/compress/... github.com/ProtonMail/go-crypto/... github.com/goccy/go-yaml/...,-gcflags=$(lib)=-race=false)

# Where `make test-slow` keeps the history that it bisects, 2 GiB.
SLOW_REPO ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/splicelab-linux-history

# Where `make install` puts things.
PREFIX  ?= /usr/local
DESTDIR ?=
# Where systemd looks for units that no package of the distribution brought.
UNITDIR ?= $(PREFIX)/lib/systemd/system

# Linters, pinned: a new release must not turn a green tree red.
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
DEADCODE := golang.org/x/tools/cmd/deadcode@v0.52.0

# More arguments for `make run` and `make bench`, e.g. make run ARGS="-k 6.12 -f xfs".
ARGS ?=

# Architectures besides this machine's, separated by commas, or "all": their guest
# programs are built, and their emulators installed. ARGS may name some.
comma := ,
space := $(subst ,, )
ARCHES ?= $(subst $(space),$(comma),$(strip $(foreach a,arm64 riscv64,$(if $(findstring $(a),$(ARGS)),$(a)))))
export ARCHES

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## install what this machine lacks (QEMU, mkfs tools); asks nothing
	@scripts/setup "" $(ARCHES)

.PHONY: setup-test
setup-test:
	@scripts/setup test

# The guest programs are built into bin/guest and packed for embedding. What
# is out of date the go command decides; it takes a second or two when nothing
# is, and never forgets a dependency.
.PHONY: guest
guest: ## build the guest programs (go generate): bin/guest, and the archives that bin/splicelab embeds
	@go generate ./internal/guestbin

.PHONY: build
build: guest ## build bin/splicelab, complete by itself, and the guest programs in bin/guest
	@$(GOBUILD) -ldflags "-s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)" -o bin/splicelab ./cmd/splicelab

.PHONY: run
run: setup build ## run the default matrix on real kernels; reports go to out/ (ARGS="-k 6.12 -f xfs" for less); fails as "splicelab run" does
	@mkdir -p out
	@code=0; bin/splicelab run --json out/matrix.json --junit out/junit.xml --html out/report.html $(ARGS) || code=$$?; \
	case $$code in \
	0) ;; \
	1) echo "make run: the kernels violate what every policy asks for: see \"Violations\" above. That is a result, and no fault of the lab." >&2; exit $$code ;; \
	*) echo "make run: the lab itself failed (exit code $$code): see above, and \"bin/splicelab doctor\"." >&2; exit $$code ;; \
	esac

# Packages that only compute: they start no goroutines and share no state. With
# the race detector their tests take five times as long, and find nothing.
PURE := ./outcome ./results ./results/browsertest ./results/page/bundle $(addprefix ./results/,changes compare estimate expect findings format history page palette terminal) \
	$(addprefix ./lab/,bisect bundle catalogue config console faults gotest plan query report schema verdict) ./cmd/splicelab/remedy \
	$(addprefix ./internal/,arch headtail input kernelversion protocol/... sanitize shell spell text)

# What takes the longest is begun first, so that at the end no processor waits for
# one package. Tests that measure time are excluded from the race build.
.PHONY: test
test: ## run every test, also those that boot real kernels, with the race detector
	@$(MAKE) -j2 setup-test build # the compiler works while packages are installed
	scripts/test-kernels $(TEST_KERNELS) bin/test-kernels
	all=$$(go list ./... | sort); pure=$$(go list $(PURE) | sort); \
	$(VM_TESTS) CGO_ENABLED=1 GORACE=atexit_sleep_ms=50 go test -race -vet=all $(UNINSTRUMENTED) -timeout 40m ./lab ./cmd/splicelab ./images/guest ./lab/vm \
		$$(comm -23 <(echo "$$all") <(echo "$$pure"))
	go test -vet=all ./results/web ./results/page $(PURE) # web again: its tests in a browser

# Builds the lab's fragments, and bisects a history of Linux that
# scripts/linux-history makes: of each of its commits it is known what it does.
# Takes the better part of an hour.
.PHONY: test-slow
test-slow: setup build ## build and bisect real kernels from source, and kill a run 50 times
	@scripts/setup slow all
	@$(MAKE) build ARCHES=all
	@[ -e $(SLOW_REPO)/.git ] || scripts/linux-history /usr/src/linux-source-6.12.tar.xz $(SLOW_REPO)
	SPLICELAB_SLOW_REPO=$(SLOW_REPO) SPLICELAB_GUEST_DIR=$(CURDIR)/bin/guest go test -v -timeout 3h -run OfLinux ./cmd/splicelab
	scripts/test-kernels $(TEST_KERNELS) bin/test-kernels
	SPLICELAB_KILLS=50 $(VM_TESTS) go test -v -timeout 1h -run KilledAtRandom ./cmd/splicelab
	scripts/test-kernels 6.12@arm64-16k,6.12@riscv64 bin/foreign-kernels
	SPLICELAB_SLOW_TESTS=1 SPLICELAB_TEST_FOREIGN_KERNELS=$(CURDIR)/bin/foreign-kernels \
		$(VM_TESTS) go test -v -timeout 1h -run 'ForeignArchitectures|WholeSuite|EveryDetectorFires|SelftestVerdicts|NothingLeaks|ManyCells|EverythingIsMeasured' ./lab ./lab/bench
	SPLICELAB_KVM_TESTS=small $(VM_TESTS) go test -v -timeout 1h -run 'UnderKVM$$' ./cmd/splicelab

# The host's own KVM is not needed: the machine is emulated, and has its own.
.PHONY: test-kvm
test-kvm: setup build ## run the lab with KVM in an emulated machine, and compare every cell with TCG
	@scripts/setup kvm
	scripts/test-kernels 6.12 bin/test-kernels
	SPLICELAB_KVM_TESTS=full $(VM_TESTS) go test -v -timeout 90m -run 'UnderKVM$$' ./cmd/splicelab

.PHONY: test-qemu
test-qemu: setup build ## run the tests that boot VMs with another QEMU: QEMU=PATH
	@[ -x "$(QEMU)" ] || { echo "make test-qemu: QEMU=PATH has to name a qemu-system-x86_64" >&2; exit 2; }
	scripts/test-kernels $(TEST_KERNELS) bin/test-kernels
	@mkdir -p bin/qemu && ln -sfn $(abspath $(QEMU)) bin/qemu/qemu-system-x86_64
	PATH=$(CURDIR)/bin/qemu:$$PATH $(VM_TESTS) go test -timeout 40m ./images/guest ./lab/... ./cmd/splicelab

.PHONY: lint
lint: ## check formatting, vet, staticcheck, and the project's import directions
	@test -z "$$(gofmt -l .)" || { echo "not formatted as gofmt does:"; gofmt -l .; exit 1; }
	go vet ./...
	go run $(GOLANGCI) run
	@dead=$$(go run $(DEADCODE) -test ./...); test -z "$$dead" || { echo "dead code:"; echo "$$dead"; exit 1; }
	scripts/lint-words

.PHONY: bench
bench: setup build ## run the benchmarks, then measure what a cell costs here, each beside its goal (ARGS="-n 3" for a short look)
	@scripts/bench
	@echo
	@bin/splicelab bench $(ARGS)

.PHONY: completion
completion: build ## write completion scripts for bash, zsh and fish to bin/completion
	@mkdir -p bin/completion
	@bin/splicelab completion bash >bin/completion/splicelab.bash
	@bin/splicelab completion zsh >bin/completion/_splicelab
	@bin/splicelab completion fish >bin/completion/splicelab.fish

# The date of the man pages and the package: that of the commit, so that a
# commit always gives the same files.
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)

.PHONY: man
man: build ## write the man pages to bin/man
	@rm -rf bin/man && bin/splicelab man bin/man

.PHONY: deb
deb: ## build a Debian package in out/
	@rm -rf bin/deb
	@$(MAKE) install DESTDIR=$(CURDIR)/bin/deb PREFIX=/usr >/dev/null
	@scripts/deb bin/deb $(VERSION) out/splicelab_amd64.deb

# Releases before the guest programs were embedded kept them, and the program,
# in lib/splicelab: what an upgrade left there would be used instead.
.PHONY: install
install: completion man ## install below PREFIX (default /usr/local), with man pages, shell completion and units for systemd
	rm -rf $(DESTDIR)$(PREFIX)/lib/splicelab
	rm -f $(DESTDIR)$(PREFIX)/bin/splicelab
	install -D -m 755 bin/splicelab $(DESTDIR)$(PREFIX)/bin/splicelab
	install -D -m 644 bin/completion/splicelab.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/splicelab
	install -D -m 644 bin/completion/_splicelab $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_splicelab
	install -D -m 644 bin/completion/splicelab.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/splicelab.fish
	install -d $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 bin/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -d $(DESTDIR)$(PREFIX)/share/doc/splicelab/examples $(DESTDIR)$(UNITDIR)
	install -m 644 splicelab.yaml.example docs/*.md $(DESTDIR)$(PREFIX)/share/doc/splicelab/
	install -m 644 examples/*.y*ml $(DESTDIR)$(PREFIX)/share/doc/splicelab/examples/
	for unit in service timer; do \
		sed 's,/usr/local,$(PREFIX),g' dist/systemd/splicelab-nightly.$$unit >$(DESTDIR)$(UNITDIR)/splicelab-nightly.$$unit; \
		chmod 644 $(DESTDIR)$(UNITDIR)/splicelab-nightly.$$unit; \
	done

.PHONY: clean
clean: ## remove bin/ and out/ (the cache of kernels and images stays: splicelab cache)
	rm -rf bin out
	rm -f internal/guestbin/archives/*.zst internal/guestbin/archives/manifest.json
