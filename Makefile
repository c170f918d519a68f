# Tokentray: `make demo` shows it, `make test` proves it. Both install what they need.

SHELL := /bin/sh
.DEFAULT_GOAL := help
CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)

# What Debian and Ubuntu call it. The demo without a display needs nothing of this.
DESKTOP_PACKAGES := build-essential pkg-config libwebkit2gtk-4.1-dev librsvg2-dev libxdo-dev
TEST_PACKAGES := $(DESKTOP_PACKAGES) appstream chromium dbus dbus-x11 desktop-file-utils dunst \
  gnome-keyring imagemagick libglib2.0-bin librsvg2-bin libsecret-tools openbox python3-dbusmock \
  python3-xdg systemd util-linux webkit2gtk-driver x11-utils xclip xdotool xfce4-panel xfconf xvfb

# One set of features for everything that is built here: a second set would build most of it twice.
WORKSPACE := --workspace --features tokentray/real --locked
NEXTEST := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo yes)

.PHONY: help
help: ## Print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: demo
demo: ## Show the whole story: in tray and window with a display, else in the terminal
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then $(MAKE) --no-print-directory demo-desktop; \
	else $(MAKE) --no-print-directory demo-terminal; fi

.PHONY: demo-desktop
demo-desktop: packages-desktop ui
	$(CARGO) run --locked -p tokentray-desktop $(if $(filter Linux,$(shell uname -s)),,--features tray) -- --demo

.PHONY: demo-terminal
demo-terminal: packages-terminal
	$(CARGO) run --locked -p tokentray -- demo

.PHONY: test
test: setup lint test-ui build test-engine test-simulation test-real test-desktop clean-tree ## Prove everything (some forty minutes from nothing)

.PHONY: setup
setup: packages-test tests/provider/node_modules ui/node_modules ## Install what the tests need

.PHONY: lint
lint: ui
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(WORKSPACE) --all-targets -- -D warnings
	src-tauri/packaging/check-linux

.PHONY: build
build: ui ## Build both programs and all tests
	$(CARGO) build $(WORKSPACE) --bins --tests

.PHONY: test-engine
test-engine: ## Test engine and command line: fast, no display, no bus
ifeq ($(NEXTEST),yes)
	$(CARGO) nextest run $(WORKSPACE) -E 'not binary(real) and not binary(desktop) and not binary(simulation)'
else
	$(CARGO) test $(WORKSPACE) --lib --bins --test main
endif
	$(CARGO) test $(WORKSPACE) --doc

# A profile of its own: a month of life is computed in a fraction of a second, optimised.
SIMULATION := $(CARGO) test --profile simulation -p tokentray --features real --locked --test simulation

.PHONY: test-simulation
test-simulation: ## Live 2,000 simulated worlds of a month; TOKENTRAY_SEED=n lives one again
	$(SIMULATION) -- --nocapture

SOAK_MINUTES ?= 10
.PHONY: soak
soak: ## Live simulated worlds for SOAK_MINUTES, from TOKENTRAY_FIRST_SEED on
	SOAK_MINUTES=$(SOAK_MINUTES) $(SIMULATION) -- --ignored --nocapture --exact simulation::runs::soak

.PHONY: mutants
mutants: ## Break the engine on purpose, in a copy, and see each variant caught; MUTANT=name tries one
	tests/simulation/mutants/run

.PHONY: test-real
test-real: build tests/provider/node_modules ## Test on real parts: D-Bus, keychain, provider, browser
ifeq ($(NEXTEST),yes)
	$(CARGO) nextest run $(WORKSPACE) -E 'binary(real)'
else
	$(CARGO) test $(WORKSPACE) --test real -- --test-threads=2
endif

.PHONY: kill
kill: tests/provider/node_modules ## Kill it 300 times around a refresh, and measure the gap (some 15 minutes)
	TOKENTRAY_KILL_ROUNDS=300 $(CARGO) test --release $(WORKSPACE) --test real kill:: -- --nocapture --include-ignored --test-threads=1

.PHONY: test-desktop
test-desktop: build tests/provider/node_modules ## Test tray, notification and window under Xvfb
ifeq ($(NEXTEST),yes)
	$(CARGO) nextest run $(WORKSPACE) -E 'binary(desktop)'
else
	$(CARGO) test $(WORKSPACE) --test desktop -- --test-threads=1
endif

.PHONY: test-ui
test-ui: ui/node_modules ## Check and test the window's page
	cd ui && npm run check && npm test

.PHONY: bench-ui
bench-ui: ui/node_modules ## Measure the first picture and the frames of the timeline
	cd ui && npm run bench

.PHONY: pictures
pictures: ui/node_modules ## Take pictures of every screen, to be looked at
	cd ui && npm run pictures

.PHONY: ui
ui: ui/node_modules
	cd ui && npm run build

# What `make fuzz` needs beside nightly Rust. Minutes for each target.
FUZZ_MINUTES ?= 20
FUZZ_TARGETS ?= classify classify_json
FUZZ := src-tauri/engine/fuzz

.PHONY: fuzz
fuzz: ## Fuzz the reading of replies, FUZZ_MINUTES for each target (nightly Rust; not in `make test`)
	@$(CARGO) fuzz --version >/dev/null 2>&1 || $(CARGO) install cargo-fuzz --locked
	cd $(FUZZ) && $(CARGO) run --locked --quiet --example seeds
	set -e; for target in $(FUZZ_TARGETS); do mkdir -p $(FUZZ)/corpus/$$target; \
	  $(CARGO) +nightly fuzz run --fuzz-dir $(FUZZ) -s none $$target \
	    $(FUZZ)/corpus/$$target $(FUZZ)/seeds/$$target -- -dict=$(FUZZ)/words.dict \
	    -max_len=16384 -timeout=10 -max_total_time=$$(( $(FUZZ_MINUTES) * 60 )) -print_final_stats=1; done

.PHONY: bench
bench: ## Measure what is called often (criterion; not in `make test`)
	$(CARGO) bench $(WORKSPACE) --bench '*'

RELEASE := $(CARGO) build --release $(WORKSPACE) --bins

.PHONY: bench-idle
bench-idle: packages-test ui ## Measure memory and wake-ups of what stays beside an empty Tauri app (OTHER=program: one more)
	@src-tauri/packaging/need-packages libayatana-appindicator3-1
	$(RELEASE)
	$(CARGO) build --release --locked -p tokentray-desktop --features tray,tokentray/real --example empty
	tests/bench/idle $(TARGET)/release $(TARGET)/release/examples/empty $(OTHER)

.PHONY: bench-token
bench-token: packages-test ui ## Measure how long a program waits for a token (hyperfine)
	@src-tauri/packaging/need-packages curl hyperfine oidc-agent-cli python3
	$(RELEASE)
	tests/bench/token $(TARGET)/release

.PHONY: bench-start
bench-start: packages-test ui ## Measure the start of a daemon with a hundred accounts and a million rows
	@src-tauri/packaging/need-packages python3
	$(RELEASE)
	tests/bench/start $(TARGET)/release

.PHONY: bench-window
bench-window: packages-test ui ## Measure from the click to the lanes, with a hundred accounts and a million rows
	@src-tauri/packaging/need-packages python3
	$(RELEASE)
	tests/bench/window $(TARGET)/release

.PHONY: package
package: packages-desktop ui src-tauri/packaging/node_modules ## Build a .deb with both programs (several minutes)
	$(RELEASE)
	src-tauri/packaging/stage $(TARGET)/release
	cd src-tauri && CARGO_TARGET_DIR=$(abspath $(TARGET)) packaging/node_modules/.bin/tauri bundle --bundles deb
	@ls $(TARGET)/release/bundle/deb/*.deb

.PHONY: check-package
check-package: ## Install the .deb in a clean Debian 12 and start it (needs root)
	@src-tauri/packaging/need-packages appstream desktop-file-utils imagemagick mmdebstrap systemd x11-utils xvfb
	src-tauri/packaging/check-deb "$$(ls -t $(TARGET)/release/bundle/deb/*.deb | head -n 1)" $(PICTURE)

.PHONY: deny
deny: ## Check licences, bans and sources (needs cargo-deny)
	$(CARGO) deny --config .deny.toml --features tokentray/real check licenses bans sources
	set -e; for platform in aarch64-apple-darwin x86_64-pc-windows-msvc; do \
	  $(CARGO) deny --config .deny.toml --all-features --target $$platform check licenses bans sources; done

.PHONY: clean-tree
clean-tree:
	@if [ "$$CI" = true ]; then git diff --exit-code && test -z "$$(git status --porcelain)"; fi

%/node_modules: %/package-lock.json
	cd $* && npm ci --no-audit --no-fund
	@touch $@

.PHONY: packages-desktop packages-terminal packages-test
packages-desktop:
	@src-tauri/packaging/need-packages $(DESKTOP_PACKAGES)
packages-terminal:
	@src-tauri/packaging/need-packages build-essential
packages-test:
	@src-tauri/packaging/need-packages $(TEST_PACKAGES)
