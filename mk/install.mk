# Installation.
#
#   make install PREFIX=/usr LIBDIR=/usr/lib/x86_64-linux-gnu DESTDIR=/tmp/package

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
PKGCONFIGDIR ?= $(LIBDIR)/pkgconfig
CMAKEDIR ?= $(LIBDIR)/cmake/knoll

# The header says which version this is.
version_part = $(shell sed -n 's/^\#define KNOLL_VERSION_$(1) *//p' include/knoll/knoll.h)
VERSION := $(call version_part,MAJOR).$(call version_part,MINOR).$(call version_part,PATCH)

PUBLIC_HEADERS := $(sort $(wildcard include/knoll/*.h include/knoll/*.hpp))
MAN_PAGES := $(sort $(wildcard docs/man/*.1 docs/man/*.3))
INSTALLED_PROGRAM := $(if $(CLI_SOURCES),$(B)/knoll)

from_cmakedir = $(shell realpath -m --relative-to='$(CMAKEDIR)' '$(1)')
fill_in = sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
	-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@VERSION@|$(VERSION)|' \
	-e 's|@SOVERSION@|$(SOVERSION)|' \
	-e 's|@LIBDIR_FROM_CMAKEDIR@|$(call from_cmakedir,$(LIBDIR))|' \
	-e 's|@INCLUDEDIR_FROM_CMAKEDIR@|$(call from_cmakedir,$(INCLUDEDIR))|' \
	'packaging/$(1).in' > '$(DESTDIR)$(2)/$(1)'

.PHONY: install uninstall

## make install              PREFIX=/usr/local DESTDIR= LIBDIR=$(PREFIX)/lib and so on
install: $(B)/libknoll.so $(B)/libknoll.a $(B)/libknoll_api.a $(INSTALLED_PROGRAM)
	@install -d '$(DESTDIR)$(LIBDIR)' '$(DESTDIR)$(INCLUDEDIR)/knoll' \
		'$(DESTDIR)$(PKGCONFIGDIR)' '$(DESTDIR)$(CMAKEDIR)'
	@install -m 755 $(B)/libknoll.so '$(DESTDIR)$(LIBDIR)/libknoll.so.$(VERSION)'
	@ln -sf libknoll.so.$(VERSION) '$(DESTDIR)$(LIBDIR)/libknoll.so.$(SOVERSION)'
	@ln -sf libknoll.so.$(SOVERSION) '$(DESTDIR)$(LIBDIR)/libknoll.so'
	@install -m 644 $(B)/libknoll.a $(B)/libknoll_api.a '$(DESTDIR)$(LIBDIR)'
	@install -m 644 $(PUBLIC_HEADERS) '$(DESTDIR)$(INCLUDEDIR)/knoll'
	@$(call fill_in,knoll.pc,$(PKGCONFIGDIR))
	@$(call fill_in,knoll-static.pc,$(PKGCONFIGDIR))
	@$(call fill_in,knoll-api.pc,$(PKGCONFIGDIR))
	@$(call fill_in,knollConfig.cmake,$(CMAKEDIR))
	@$(call fill_in,knollConfigVersion.cmake,$(CMAKEDIR))
ifneq ($(INSTALLED_PROGRAM),)
	@install -d '$(DESTDIR)$(BINDIR)'
	@install -m 755 $(INSTALLED_PROGRAM) '$(DESTDIR)$(BINDIR)/knoll'
endif
	@set -e; for page in $(MAN_PAGES); do \
		install -d '$(DESTDIR)$(MANDIR)'/man$${page##*.}; \
		install -m 644 $$page '$(DESTDIR)$(MANDIR)'/man$${page##*.}; done

## make uninstall            the same variables as for install
uninstall:
	@rm -f '$(DESTDIR)$(LIBDIR)/libknoll.so.$(VERSION)' \
		'$(DESTDIR)$(LIBDIR)/libknoll.so.$(SOVERSION)' '$(DESTDIR)$(LIBDIR)/libknoll.so' \
		'$(DESTDIR)$(LIBDIR)/libknoll.a' '$(DESTDIR)$(LIBDIR)/libknoll_api.a' \
		'$(DESTDIR)$(PKGCONFIGDIR)/knoll.pc' '$(DESTDIR)$(PKGCONFIGDIR)/knoll-static.pc' \
		'$(DESTDIR)$(PKGCONFIGDIR)/knoll-api.pc' '$(DESTDIR)$(BINDIR)/knoll'
	@rm -rf '$(DESTDIR)$(INCLUDEDIR)/knoll' '$(DESTDIR)$(CMAKEDIR)'
	@for page in $(MAN_PAGES); do \
		rm -f '$(DESTDIR)$(MANDIR)'/man$${page##*.}/$${page##*/}; done
