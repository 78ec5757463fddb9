# make tenants-demo  commands over sixty companies of a sandbox, a few of them slow or broken
# make demo     installs what is missing, builds, onboards an HR file into a sandbox company
# make test     installs what is missing, builds, runs every test
# make help     the other targets

LUA_VERSION ?= 5.4
PREFIX ?= /usr/local
DESTDIR ?=
CC ?= cc
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow
BASE_CFLAGS = -std=c99 -D_GNU_SOURCE -fPIC -fvisibility=hidden $(WARNINGS)
BUILD ?= build

# ------------------------------------------------------------------ packages (Debian 12 names)

PACKAGES_BUILD = gcc libc6-dev make pkg-config lua5.4 liblua5.4-dev lua-cjson lua-argparse ca-certificates \
  tzdata libcurl4-openssl-dev libmicrohttpd-dev libcsv-dev libutf8proc-dev \
  lua-luaossl lua-dbi-sqlite3 lua-zlib libldap-dev libedit-dev lua-penlight lua-lpeg libxml2-dev libxmlsec1-dev
PACKAGES_TEST = lua5.1 liblua5.1-0-dev luajit2 libluajit2-5.1-dev lua-busted lua-check lua-ldoc \
  lua-luaossl lua-socket lua-sec luarocks curl openssl procps nghttp2-server slapd ldap-utils postgresql lua-dbi-postgresql tmux \
  mandoc zsh fish python3 chromium nodejs npm libxml2-utils \
  nginx-light libnginx-mod-http-lua lua-filesystem lua-posix wrk python3-prometheus-client \
  oathtool libqrencode4 apache2-bin libapache2-mod-auth-mellon python3-onelogin-saml2 xmlsec1 \
  freeradius freeradius-utils systemd pgbouncer
PACKAGES_CHECK = clang libclang-rt-14-dev clang-format clang-tidy cppcheck valgrind git
PACKAGES_BENCH = nginx-light libnginx-mod-http-lua python3 python3-requests lua-socket lua-curl lua5.1 \
  liblua5.1-0-dev rapidjson-dev g++ curl openssl wrk freeradius

SUDO = $(shell [ "$$(id -u)" = 0 ] || echo sudo)
# npm may come from elsewhere than Debian; what works is not replaced.
present = dpkg-query -W -f '$${Status}\n' $(1) 2>/dev/null | grep -q ' installed$$' || \
  { case $(1) in nodejs) command -v node ;; *) command -v $(1) ;; esac >/dev/null 2>&1; }
install_packages = @missing=; for package in $(1); do \
    { $(call present,$$package); } || missing="$$missing $$package"; done; \
  if [ -n "$$missing" ]; then echo "installing:$$missing"; \
    $(SUDO) apt-get update -qq && \
    DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends $$missing >/dev/null; fi

# ------------------------------------------------------------------ C modules

# OpenSSL and GnuTLS cannot be unloaded without leaving things behind, so what links or loads them stays.
STAYS = -Wl,-z,nodelete
LIBS_core = $(shell $(PKG_CONFIG) --libs libutf8proc) -lpthread $(STAYS)
LIBS_curl = $(shell $(PKG_CONFIG) --libs libcurl) -lpthread $(STAYS)
LIBS_httpd = $(shell $(PKG_CONFIG) --libs libmicrohttpd) -lpthread $(STAYS)
LIBS_csv = -lcsv -lpthread
LIBS_unicode = $(shell $(PKG_CONFIG) --libs libutf8proc)
LIBS_lineedit = $(shell $(PKG_CONFIG) --libs libedit)
# libqrencode is looked for at run time.
LIBS_qrcode = -ldl -lpthread $(STAYS)
LIBS_ldap = $(shell $(PKG_CONFIG) --libs ldap lber) -lpthread $(STAYS)
# libxmlsec1 was built for or without size_t, and says so. Of TLS and XSLT nothing is called.
CPPFLAGS_xmldsig = $(shell $(PKG_CONFIG) --cflags xmlsec1-openssl)
LIBS_xmldsig = $(filter-out -lssl -lxslt,$(shell $(PKG_CONFIG) --libs xmlsec1-openssl)) -lpthread $(STAYS)

# A module is made of the C files of its folder; what several modules share is in src/common, mostly
# inline, and else linked into each that needs it.
COMMON_core = blocks
COMMON_csv = blocks
# Without libedit the prompt reads plain lines.
HAVE_lineedit := $(shell $(PKG_CONFIG) --exists libedit && echo lineedit)
MODULES = core curl csv httpd ldap unicode xmldsig qrcode $(HAVE_lineedit)
ABIS = 5.4 5.1

all: build-5.4 build-5.1 spec-5.4 spec-5.1

# What is compiled by another target; packages are never installed two at a time.
MAKE_ALL = $(MAKE) -s -j$(shell nproc)

define build_module
$(BUILD)/$(1)/lastpass/$(2).so: $(patsubst src/%.c,$(BUILD)/$(1)/obj/%.o,$(wildcard src/$(2)/*.c) \
    $(COMMON_$(2):%=src/common/%.c))
	@mkdir -p $$(@D)
	$$(CC) $$(CFLAGS) $$(LDFLAGS) -shared -o $$@ $$^ $$(LIBS_$(2))
endef

define build_abi
$(foreach m,$(MODULES),$(eval $(call build_module,$(1),$(m))))
$(BUILD)/$(1)/obj/%.o: src/%.c
	@mkdir -p $$(@D)
	$$(CC) $$(BASE_CFLAGS) $$(CFLAGS) $$(CPPFLAGS) $$(CPPFLAGS_$$(*D)) -Isrc/common \
	  -I$$(shell $$(PKG_CONFIG) --variable=includedir lua$(1))/lua$(1) -MMD -MP -c -o $$@ $$<
build-$(1): $(foreach m,$(MODULES),$(BUILD)/$(1)/lastpass/$(m).so)
# for the specs only
$(BUILD)/$(1)/obj/spec/%.o: spec/native/%.c
	@mkdir -p $$(@D)
	$$(CC) $$(BASE_CFLAGS) $$(CFLAGS) $$(CPPFLAGS) -Isrc/common -Isrc/core \
	  -I$$(shell $$(PKG_CONFIG) --variable=includedir lua$(1))/lua$(1) -MMD -MP -c -o $$@ $$<
$(BUILD)/$(1)/spec/tokens.so: $(BUILD)/$(1)/obj/spec/tokens.o $(BUILD)/$(1)/obj/core/scan.o
	@mkdir -p $$(@D)
	$$(CC) $$(CFLAGS) $$(LDFLAGS) -shared -o $$@ $$^
spec-$(1): $(BUILD)/$(1)/spec/tokens.so
.PHONY: build-$(1) spec-$(1)
-include $(wildcard $(BUILD)/$(1)/obj/*/*.d)
endef
$(foreach abi,$(ABIS),$(eval $(call build_abi,$(abi))))

# ------------------------------------------------------------------ running from the tree

LUA ?= $(LUA_VERSION)
env:
	@echo 'export LUA_PATH="$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;"'
	@echo 'export LUA_CPATH="$(CURDIR)/$(BUILD)/$(LUA)/?.so;;"'

# $(call in_tree,5.4) before a command: its environment
in_tree = LUA_PATH="$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;$(CURDIR)/?.lua;;" \
  LUA_CPATH="$(CURDIR)/$(BUILD)/$(1)/?.so;;"

demo: deps-build
	@$(MAKE_ALL) build-5.4
	@$(call in_tree,5.4) lua5.4 examples/demo.lua

tenants-demo: deps-build
	@$(MAKE_ALL) build-5.4
	@$(call in_tree,5.4) lua5.4 examples/tenants-demo.lua $(COMPANIES)

nginx-demo: deps-build deps-test
	@$(MAKE_ALL) all
	@$(call in_tree,5.4) lua5.4 examples/nginx/demo.lua

scim-demo: deps-build deps-test
	@$(MAKE_ALL) all
	@$(call in_tree,5.4) lua5.4 examples/nginx/scim-demo.lua

saml-demo: deps-build deps-test
	@$(MAKE_ALL) all
	@$(call in_tree,5.4) lua5.4 examples/nginx/saml-demo.lua

mfa-demo: deps-build deps-test
	@$(MAKE_ALL) all
	@$(call in_tree,5.4) lua5.4 examples/nginx/mfa-demo.lua

# ------------------------------------------------------------------ tests

# From npm: the layout of Lua files, and what looks at pages in a browser.
NODE_PACKAGES = build/node/package.json

$(NODE_PACKAGES): .ci/package.json
	@mkdir -p build/node
	@cp .ci/package.json build/node/package.new
	@cd build/node && cp package.new package.json && \
	  npm install --silent --no-audit --no-fund >/dev/null || { rm -f package.json; exit 1; }

BUSTED = /usr/bin/busted
SPEC ?= spec

test: deps-build deps-test $(NODE_PACKAGES)
	@$(MAKE_ALL) all
	@$(call in_tree,5.4) lua5.4 .ci/specs.lua lua5.4 $(SPEC)

# What is left to chance in `make test` for a few rounds, for many: kill and resume, random companies.
LONG_SPECS = spec/chaos spec/plan/property_spec.lua
LASTPASS_LONG ?= 1
test-long: deps-build deps-test
	@$(MAKE_ALL) all
	@$(call in_tree,5.4) LASTPASS_LONG=$(LASTPASS_LONG) lua5.4 .ci/specs.lua lua5.4 $(LONG_SPECS)

# The specs under the other interpreters; LuaJIT uses the 5.1 ABI.
test-lua5.1: all
	@$(call in_tree,5.1) lua5.4 .ci/specs.lua lua5.1 $(SPEC)

test-luajit: all
	@$(call in_tree,5.1) lua5.4 .ci/specs.lua luajit $(SPEC)

# The specs that reach into C, inside a worker of nginx.
test-nginx: all
	@$(call in_tree,5.4) lua5.4 .ci/specs.lua "lua5.4 spec/support/in_nginx.lua" spec/core spec/conform spec/xmldsig

SANITIZE = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
ASAN_LIBRARY = $(shell $(CC) -print-file-name=libasan.so)
UBSAN_LIBRARY = $(shell $(CC) -print-file-name=libubsan.so)

# The C modules with sanitizers, under the specs that reach into them.
asan: deps-build deps-test
	@$(MAKE_ALL) BUILD=build/asan CFLAGS="$(SANITIZE)" build-5.4 spec-5.4
	@$(MAKE) -s BUILD=build/asan run-asan

run-asan:
	@$(call in_tree,5.4) LASTPASS_SLOW=1 lua5.4 .ci/specs.lua "env LD_PRELOAD='$(ASAN_LIBRARY) $(UBSAN_LIBRARY)' \
	  ASAN_OPTIONS=detect_leaks=1:exitcode=99 LSAN_OPTIONS=suppressions=$(CURDIR)/.ci/leaks.txt:print_suppressions=0 lua5.4" $(SPEC)

valgrind: export SPEC_LIMIT ?= 3600
valgrind: deps-build deps-test deps-check
	@$(MAKE_ALL) build-5.4 spec-5.4
	@$(call in_tree,5.4) LASTPASS_SLOW=1 lua5.4 .ci/specs.lua "valgrind -q --leak-check=full \
	  --show-leak-kinds=definite --errors-for-leak-kinds=definite --error-exitcode=99 \
	  --suppressions=$(CURDIR)/.ci/valgrind.supp lua5.4" spec/core spec/conform

# ------------------------------------------------------------------ fuzzing

# Each fuzzer for that time and at least FUZZ_LEAST inputs, or for FUZZ_RUNS inputs. One that had fewer,
# did not end well, or left a crash, a leak, a slow or a large input behind, is a failure.
FUZZ_SECONDS ?= 20
FUZZ_RUNS ?=
FUZZ_LEAST ?= 1000
FUZZERS = \
  json \
  directory \
  reply \
  scim_page \
  csv \
  diff \
  events \
  ldap \
  source_csv \
  source_json \
  scim_filter \
  scim_patch \
  scim_server \
  scim_client \
  rest_client \
  saml_metadata \
  saml_response \
  saml_logout \
  mfa_answer \
  mfa_server \
  mfa_codes \
  radius \
  xml \
  xml_entity
FUZZ_SANITIZE ?= address,undefined
FUZZ_FLAGS = -std=c99 -D_GNU_SOURCE -g -O1 -fsanitize=fuzzer,$(FUZZ_SANITIZE) \
  -fno-sanitize-recover=undefined \
  -Isrc/common -Isrc/core -Isrc/csv -Isrc/ldap -Isrc/xmldsig -I/usr/include/lua5.4
FUZZ_SOURCES_json = scan
FUZZ_SOURCES_directory = scan blocks reader reader_values reader_fast rows reply commands
FUZZ_SOURCES_reply = scan reply commands
FUZZ_SOURCES_scim_page = scan blocks reader reader_values reader_fast rows reply commands scim_page
FUZZ_SOURCES_diff = scan blocks reader reader_values reader_fast rows reply commands desired diff
FUZZ_SOURCES_csv = csv_parse
FUZZ_SOURCES_events = scan blocks reader reader_values reader_fast rows reply commands events events_clock events_reader events_data events_write \
  events_identity libcrypto
FUZZ_SOURCES_ldap = ldap_reply
XML_SOURCES = xml_library xml_rules xml_parse xml_base64 xml_algorithms xml_keys xml_signature xml_verify xml_sign xml_canonical \
  xml_encryption xml_decrypt xml_encrypt
FUZZ_SOURCES_xml = $(XML_SOURCES)
FUZZ_SOURCES_xml_entity = $(XML_SOURCES) xml_entity
FUZZ_LIBRARIES_xml = $(CPPFLAGS_xmldsig) $(LIBS_xmldsig)
FUZZ_LIBRARIES_xml_entity = $(FUZZ_LIBRARIES_xml)
FUZZ_LIBRARIES_csv = -lcsv
FUZZ_LIBRARIES_directory = -lutf8proc
FUZZ_LIBRARIES_diff = -lutf8proc
FUZZ_LIBRARIES_scim_page = -lutf8proc
FUZZ_LIBRARIES_events = -lutf8proc
FUZZ_LIBRARIES_ldap = -lldap -llber
# those written in C; the others are Lua
FUZZERS_C = $(foreach f,$(FUZZERS),$(if $(FUZZ_SOURCES_$(f)),$(f)))

define build_fuzzer
$(BUILD)/fuzz/$(1): spec/fuzz/$(1)_fuzz.c $(wildcard src/*/*.c src/*/*.h spec/fuzz/*.h)
	@mkdir -p $$(@D)
	clang $$(FUZZ_FLAGS) -o $$@ $$< $(foreach s,$(FUZZ_SOURCES_$(1)),$(wildcard src/*/$(s).c)) $$(FUZZ_LIBRARIES_$(1)) -llua5.4 -lm
endef
$(foreach f,$(FUZZERS_C),$(eval $(call build_fuzzer,$(f))))

fuzz: deps-build deps-check
	@$(MAKE_ALL) build-5.4 $(FUZZERS_C:%=$(BUILD)/fuzz/%)
	@mkdir -p $(BUILD)/fuzz
	@$(call in_tree,5.4) lua5.4 .ci/fuzz.lua run $(BUILD)/fuzz "$(FUZZ_SECONDS)" "$(FUZZ_LEAST)" "$(FUZZ_RUNS)" $(FUZZERS)

# What was found since goes to spec/fuzz/seeds, as far as it reaches anything new.
fuzz-seeds: deps-build deps-check
	@$(MAKE_ALL) $(FUZZERS_C:%=$(BUILD)/fuzz/%)
	@lua5.4 .ci/fuzz.lua seeds $(BUILD)/fuzz $(FUZZERS_C)

# ------------------------------------------------------------------ threads

# Four threads verify a thousand responses each, under ThreadSanitizer.
TSAN_PROGRAM = $(BUILD)/tsan/xml_threads
$(TSAN_PROGRAM): spec/native/xml_threads.c $(wildcard src/xmldsig/*.c src/xmldsig/*.h spec/fuzz/*.h)
	@mkdir -p $(@D)
	clang $(BASE_CFLAGS) -O1 -g -fsanitize=thread -Isrc/common -Isrc/xmldsig -Ispec/fuzz -o $@ $< \
	  $(XML_SOURCES:%=src/xmldsig/%.c) $(CPPFLAGS_xmldsig) $(LIBS_xmldsig)

tsan: deps-build deps-check
	@$(MAKE) -s $(TSAN_PROGRAM)
	@TSAN_OPTIONS=halt_on_error=1 $(TSAN_PROGRAM)

# ------------------------------------------------------------------ benchmarks

bench: deps-build deps-bench
	@$(MAKE_ALL) build-5.4 build-5.1
	@$(call in_tree,5.4) lua5.4 bench/run.lua $(JOBS)

# How many files and functions the main flows pass through.
flow: build-5.4
	@$(call in_tree,5.4) lua5.4 bench/flow.lua

# What takes too long for every change, or wants a quiet machine: `make extended`, some two hours.
extended: export SPEC_LIMIT = 21600
extended: deps
	@$(MAKE) -s test-long LASTPASS_LONG=2 \
	  LONG_SPECS="$(LONG_SPECS) spec/nginx/gateway/races_spec.lua spec/nginx/gateway_spec.lua spec/nginx/playbooks_spec.lua \
	  spec/nginx/saml/feed_spec.lua spec/nginx/mfa_codes_spec.lua spec/peers/mfa_codes_spec.lua"
	@$(MAKE) -s valgrind
	@$(MAKE) -s tsan
	@$(MAKE) -s fuzz FUZZ_SECONDS=120
	@$(MAKE) -s bench
	@$(MAKE) -s deb-check

# ------------------------------------------------------------------ lint, documentation

LUA_FILES = $(shell find lua spec bench docs .ci -name '*.lua')
C_FILES = $(wildcard src/*/*.c src/*/*.h spec/fuzz/*.c spec/native/*.c bench/*.c)
lint: deps-build deps-test deps-check $(NODE_PACKAGES)
	@luacheck -q lua spec examples bench docs .ci *.rockspec
	@lua5.4 .ci/layers.lua
	@node .ci/stylua.cjs $(LUA_FILES)
	@clang-format --dry-run -Werror $(C_FILES)
	@cppcheck -q --std=c99 --error-exitcode=1 --enable=warning,performance,portability --inline-suppr \
	  --suppress=missingIncludeSystem -D_GNU_SOURCE -Isrc/common src
	luarocks lint lastpass-scm-1.rockspec
	mandoc -Tlint docs/lastpass.1

format: $(NODE_PACKAGES)
	node .ci/stylua.cjs --write $(LUA_FILES)
	clang-format -i $(C_FILES)

# What is made from the one list of commands and from the options: README tables, types, reference.
docs: deps-build
	@$(MAKE_ALL) build-5.4
	@$(call in_tree,5.4) lua5.4 docs/generate.lua
	@$(call in_tree,5.4) lua5.4 spec/cli/golden/make.lua

# The output that docs/scim.md and README.md show of the SCIM endpoint: nginx in front of a sandbox, about two minutes.
docs-scim: deps-build deps-test
	@$(MAKE_ALL) build-5.4 build-5.1
	@$(call in_tree,5.4) lua5.4 docs/scim_session.lua

# The output that docs/saml-metadata.md shows: a few seconds.
docs-saml: deps-build deps-test
	@$(MAKE_ALL) build-5.4
	@$(call in_tree,5.4) lua5.4 docs/saml_session.lua

# The generated documents are those of this tree, everything public is documented, and the program still answers as
# docs/scim.md, docs/saml-metadata.md and the README show it.
docs-check: deps-build deps-test
	@$(MAKE_ALL) build-5.4 build-5.1
	@$(call in_tree,5.4) lua5.4 docs/generate.lua --check
	@$(call in_tree,5.4) lua5.4 docs/saml_session.lua --check
	@$(call in_tree,5.4) lua5.4 docs/scim_session.lua --check

# ------------------------------------------------------------------ packaging

LUA_SHARE = $(DESTDIR)$(PREFIX)/share/lua
LUA_LIB = $(DESTDIR)$(PREFIX)/lib/lua
SHARE = $(DESTDIR)$(PREFIX)/share
COMPLETION_bash = bash-completion/completions/lastpass
COMPLETION_zsh = zsh/site-functions/_lastpass
COMPLETION_fish = fish/vendor_completions.d/lastpass.fish

# The pages of the commands, beside the one of the program.
MANUAL = $(BUILD)/man
manual: build-$(LUA_VERSION)
	@$(call in_tree,$(LUA_VERSION)) lua$(LUA_VERSION) -e 'require("docs.manual").write("$(MANUAL)")'

install: install-modules install-program install-units

install-modules: build-$(LUA_VERSION)
	@cd lua && find lastpass -name '*.lua' | while read -r file; do \
	  install -D -m 644 "$$file" "$(LUA_SHARE)/$(LUA_VERSION)/$$file"; done
	@for module in $(MODULES); do install -D -m 755 "$(BUILD)/$(LUA_VERSION)/lastpass/$$module.so" \
	  "$(LUA_LIB)/$(LUA_VERSION)/lastpass/$$module.so"; done

install-program: build-$(LUA_VERSION) manual
	@mkdir -p "$(DESTDIR)$(PREFIX)/bin"
	@sed '1s/lua5\.4/lua$(LUA_VERSION)/' bin/lastpass >"$(DESTDIR)$(PREFIX)/bin/lastpass"
	@chmod 755 "$(DESTDIR)$(PREFIX)/bin/lastpass"
	@install -D -m 644 -t "$(SHARE)/man/man1" docs/lastpass.1 $(MANUAL)/lastpass-*.1
	@mkdir -p "$(SHARE)/bash-completion/completions" "$(SHARE)/zsh/site-functions" "$(SHARE)/fish/vendor_completions.d"
	@$(call in_tree,$(LUA_VERSION)) lua$(LUA_VERSION) bin/lastpass completion bash >"$(SHARE)/$(COMPLETION_bash)"
	@$(call in_tree,$(LUA_VERSION)) lua$(LUA_VERSION) bin/lastpass completion zsh >"$(SHARE)/$(COMPLETION_zsh)"
	@$(call in_tree,$(LUA_VERSION)) lua$(LUA_VERSION) bin/lastpass completion fish >"$(SHARE)/$(COMPLETION_fish)"

# systemd looks here as well
UNITS = $(DESTDIR)$(PREFIX)/lib/systemd/system
install-units:
	@mkdir -p "$(UNITS)"
	@for unit in examples/systemd/*; do \
	  sed 's#/usr/bin/lastpass#$(PREFIX)/bin/lastpass#' "$$unit" >"$(UNITS)/$${unit##*/}"; \
	  chmod 644 "$(UNITS)/$${unit##*/}"; done

uninstall:
	rm -f $(patsubst examples/systemd/%,"$(UNITS)/%",$(wildcard examples/systemd/*))
	rm -rf "$(LUA_SHARE)/$(LUA_VERSION)/lastpass" "$(LUA_LIB)/$(LUA_VERSION)/lastpass" \
	  "$(DESTDIR)$(PREFIX)/bin/lastpass" "$(SHARE)/man/man1/lastpass.1" "$(SHARE)/man/man1"/lastpass-*.1 \
	  "$(SHARE)/$(COMPLETION_bash)" "$(SHARE)/$(COMPLETION_zsh)" "$(SHARE)/$(COMPLETION_fish)"

# Packages for Debian, out of what git knows: build/deb/*.deb. lintian has nothing to say of them.
VERSION = $(shell sed -n 's/^return "\(.*\)"/\1/p' lua/lastpass/version.lua)
PACKAGES_DEB = debhelper dpkg-dev fakeroot lintian debootstrap git
DEB = $(BUILD)/deb/lua-lastpass-$(VERSION)
deb: deps-build
	$(call install_packages,$(PACKAGES_DEB))
	@rm -rf "$(BUILD)/deb" && mkdir -p "$(DEB)"
	@git ls-files -z | xargs -0 cp --parents -t "$(DEB)"
	@cd "$(DEB)" && MAKEFLAGS= DEB_BUILD_OPTIONS=parallel=$(shell nproc) dpkg-buildpackage -us -uc -b >../build.log 2>&1 || \
	  { tail -n 40 ../build.log; exit 1; }
	@lintian --fail-on error,warning $(BUILD)/deb/*.changes
	@ls $(BUILD)/deb/*.deb

# make release RELEASE=X.Y.Z: number, changelog, rockspec, commit, tag and packages
release: deps
	@.ci/release "$(RELEASE)"

# Installed and tried in a bare root.
deb-check: deb
	$(SUDO) .ci/debian_root $(BUILD)/deb

deps: deps-build deps-test deps-check deps-bench
deps-build:
	$(call install_packages,$(PACKAGES_BUILD))
deps-test:
	$(call install_packages,$(PACKAGES_TEST))
deps-check:
	$(call install_packages,$(PACKAGES_CHECK))
deps-bench:
	$(call install_packages,$(PACKAGES_BENCH))

clean:
	rm -rf build

help:
	@echo 'deps all demo tenants-demo nginx-demo scim-demo saml-demo mfa-demo test lint format bench flow docs docs-saml docs-scim docs-check env install uninstall deb deb-check release clean'
	@echo 'asan valgrind fuzz fuzz-seeds test-lua5.1 test-luajit test-nginx test-long extended'
	@echo 'variables: LUA_VERSION PREFIX DESTDIR CFLAGS SPEC (a spec file or folder) FUZZ_SECONDS FUZZ_RUNS FUZZERS JOBS'

.PHONY: all env demo extended tenants-demo nginx-demo scim-demo saml-demo mfa-demo run-asan test test-lua5.1 test-luajit test-nginx test-long asan valgrind fuzz fuzz-seeds bench flow lint \
  format docs docs-saml docs-scim docs-check install uninstall deps deps-build deps-test deps-check deps-bench clean help
