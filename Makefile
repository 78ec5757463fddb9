# Everything the project needs on a Debian 12 machine is installed by `make deps`.
LUA_VERSION ?= 5.4
PREFIX ?= /usr/local
DESTDIR ?=
CC ?= cc
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow
BASE_CFLAGS = -std=c99 -D_GNU_SOURCE -fPIC -fvisibility=hidden $(WARNINGS)
LIBS_core = -lpthread
LIBS_curl = $(shell $(PKG_CONFIG) --libs libcurl) -lpthread
LIBS_httpd = $(shell $(PKG_CONFIG) --libs libmicrohttpd) -lpthread
LIBS_csv = -lcsv

# One module a line: which files make it.
SOURCES_core = core commands request reply scan tokens reader reader_fast rows snapshot secret
SOURCES_curl = http
SOURCES_httpd = httpd
SOURCES_csv = csv
MODULES = core curl csv httpd
ABIS = 5.4 5.1
BUILD = build

all: $(foreach abi,$(ABIS),$(foreach m,$(MODULES),$(BUILD)/$(abi)/lastpass/$(m).so))

define build_module
$(BUILD)/$(1)/lastpass/$(2).so: $(foreach f,$(SOURCES_$(2)),$(BUILD)/$(1)/obj/$(f).o)
	@mkdir -p $$(@D)
	$$(CC) $$(CFLAGS) $$(LDFLAGS) -shared -o $$@ $$^ $$(LIBS_$(2))
endef

define build_abi
$(foreach m,$(MODULES),$(eval $(call build_module,$(1),$(m))))
$(BUILD)/$(1)/obj/%.o: src/%.c
	@mkdir -p $$(@D)
	$$(CC) $$(BASE_CFLAGS) $$(CFLAGS) $$(CPPFLAGS) -I$$(shell $$(PKG_CONFIG) --variable=includedir lua$(1) | sed 's,/*$$$$,,')/lua$(1) -MMD -MP -c -o $$@ $$<
-include $(wildcard $(BUILD)/$(1)/obj/*.d)
endef
$(foreach abi,$(ABIS),$(eval $(call build_abi,$(abi))))

LUA ?= $(LUA_VERSION)
env:
	@echo 'export LUA_PATH="$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;"'
	@echo 'export LUA_CPATH="$(CURDIR)/$(BUILD)/$(LUA)/?.so;;"'

clean:
	rm -rf $(BUILD)

.PHONY: all env clean
