# One verb per need; `make help` lists them. Every verb installs what it needs and is missing.
SHELL := /bin/bash
export PKG_CONFIG_PATH := $(CURDIR)/.deps/pkgconfig:$(PKG_CONFIG_PATH)
# A plain build accepts an undeclared import of a sibling room; this flag does not.
SWIFT_FLAGS := --explicit-target-dependency-import-check error
RELEASE_FLAGS := -c release --static-swift-stdlib $(SWIFT_FLAGS)
PYTHON := .deps/interop/bin/python
ARGS ?=
BENCH ?=
ROUNDS ?= 300
ITERATIONS ?= 20000
SCRIPTS := bootstrap/install .ci/run Examples/GameAPI/demo

.DEFAULT_GOAL := help
.PHONY: help setup setup-interop build run test test-swift test-interop test-spark test-engines lint format generate bench soak fuzz clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: ## install what a build needs and is missing
	@bootstrap/install

setup-interop: ## install other makers' clients and readers, for test-interop and bench
	@bootstrap/install interop

build: setup ## build the programs (release)
	@swift build $(RELEASE_FLAGS)

run: build ## the demo: events, tables, SQL; ARGS=--once ends by itself
	@Examples/GameAPI/demo $(ARGS)

test: test-swift test-interop ## everything that proves it

test-swift: setup ## the Swift suites
	@swift test --disable-xctest $(SWIFT_FLAGS)

test-interop: setup-interop build ## other makers' clients and readers against the release build
	@$(PYTHON) -m pytest -q Interop --ignore Interop/spark --ignore Interop/engines

test-spark: setup build ## Spark with Iceberg against the release build; fetches about 650 MB the first time
	@bootstrap/install spark
	@$(PYTHON) -m pytest -q Interop/spark $(ARGS)

test-engines: setup build ## ClickHouse and daft against the release build; fetches about 400 MB the first time
	@bootstrap/install engines
	@.deps/engines/bin/python -m pytest -q Interop/engines $(ARGS)

lint: setup ## formatting, house rules, layering, shell scripts
	@swift format lint --strict --recursive Sources Tests Examples Package.swift
	@swift test --disable-xctest $(SWIFT_FLAGS) --filter 'TidyTests\.'
	@if command -v shellcheck >/dev/null; then shellcheck --severity=warning $(SCRIPTS); fi

format: ## rewrite the sources as the formatter wants them
	@swift format --in-place --recursive Sources Tests Examples Package.swift

generate: setup ## write docs/settings.md anew from the table of settings
	@WRITE_DOCS=1 swift test --disable-xctest $(SWIFT_FLAGS) --filter 'ConfigurationTests\.SettingsChapterTests'

bench: setup-interop build ## measure; BENCH=land|fresh|wide|produce|consume|start|collect|compact|commit|write for one
	@$(PYTHON) Benchmarks/bench.py $(BENCH)

soak: setup-interop build ## ROUNDS (300) of kill -9 under load, ten times as many kills at points of commits, as many seconds of workers that come and go, simulated commits, random tables
	@MILLRACE_CRASH_ROUNDS=$(ROUNDS) MILLRACE_WORKER_SECONDS=$(ROUNDS) \
	    MILLRACE_MATRIX_POINTS=$$(( $(ROUNDS) * 10 )) \
	    $(PYTHON) -m pytest -q -s Interop/crash Interop/pipelines/test_workers.py
	@MILLRACE_TABLES=$(ROUNDS) $(PYTHON) -m pytest -q Interop/catalog/test_properties.py
	@MILLRACE_COMMIT_SEEDS=$$(( $(ROUNDS) * 50 )) MILLRACE_CRASH_SEEDS=$$(( $(ROUNDS) * 20 )) \
	    swift test --disable-xctest $(SWIFT_FLAGS) --filter 'CommitSimulationTests|CrashTests'

fuzz: setup ## ITERATIONS (20000) faulty inputs for each seed of the readers of metadata, manifests and manifest lists
	@MILLRACE_FUZZ_ITERATIONS=$(ITERATIONS) swift test --disable-xctest $(SWIFT_FLAGS) --filter 'FuzzTests\.'

clean: ## remove what was built, keep what was installed
	@rm -rf .build .millrace
