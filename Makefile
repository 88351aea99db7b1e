# One verb per need. `make help` lists them.
SHELL := /bin/bash
export PKG_CONFIG_PATH := $(CURDIR)/.deps/pkgconfig:$(PKG_CONFIG_PATH)
SWIFT_FLAGS := --explicit-target-dependency-import-check error

.PHONY: help setup build
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: ## install what is missing
	@bootstrap/install

build: setup ## release build
	swift build -c release --static-swift-stdlib $(SWIFT_FLAGS)
