# The front door. `make help` says what there is; meson and npm do the work behind it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
BUILD ?= build
BUILDTYPE ?= release

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps: ## install the Debian and npm packages that are missing
	@tools/install-deps build

run: deps build ## build, start Postroom with the sample organisation, print address and sign-in
	@tools/run-sample $(BUILD)/postroom

build: deps ## the program at build/postroom
	@tools/build release

test: ## install what is missing and run every test (release and ASan flavours)
	@tools/install-deps test
	@tools/run-tests

soak: ## everything long: all flavours, long fuzzing, hundreds of kills
	@tools/install-deps test
	@tools/soak

walks: ## every flow of the page, at three widths, in three languages, light and dark; with pictures
	@tools/install-deps test
	@tools/build release
	@tools/walks

bench: ## benchmarks with their peers, as ratios
	@tools/install-deps bench
	@tools/build release
	@bench/run

check: ## format, lint, layers, sizes
	@tools/install-deps test
	@tools/check

fuzz: ## the fuzzers, SECONDS each (default 60)
	@tools/install-deps test
	@tools/fuzz $${SECONDS_EACH:-60}

install: build ## install under PREFIX (default /usr/local), with the systemd unit
	@DESTDIR="$(DESTDIR)" tools/install "$${PREFIX:-/usr/local}"

clean: ## remove what was built
	rm -rf build build-* web/dist

.PHONY: help deps run build test soak walks bench check fuzz install clean
