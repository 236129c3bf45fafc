# The short way in: each target is one command. Meson and ninja do the building.
.PHONY: all demo html test bench soak fuzz install clean

all: build/build.ninja
	@ninja -C build

build/build.ninja:
	@command -v meson >/dev/null || \
	    { echo "make: Meson is missing; 'tools/deps build' installs all that is needed" >&2; exit 1; }
	@meson setup build

demo:
	@tools/deps build
	@$(MAKE) --no-print-directory all
	@tools/demo.sh

# The man pages for a browser. mandoc may have come since the build was set up: Meson looks again.
html:
	@tools/deps html
	@$(MAKE) --no-print-directory build/build.ninja
	@meson configure build -Dhtml=enabled
	@ninja -C build
	@echo "build/man/html/godwit.1.html"

# Both builds, all tests; the last line is their sum.
test:
	@tools/deps test
	@tests/all.py

bench:
	@tools/deps bench
	@$(MAKE) --no-print-directory all
	@bench/run.sh

soak: tools/soak.sh fuzz
	@$(MAKE) --no-print-directory all
	@tools/soak.sh $(SECONDS)

fuzz:
	@tools/deps fuzz
	@test -e build-fuzz/build.ninja || CC=clang meson setup build-fuzz \
	    -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
	@ninja -C build-fuzz

install: all
	@meson install -C build --no-rebuild $(if $(DESTDIR),--destdir "$(abspath $(DESTDIR))")

clean:
	rm -rf build build-asan build-fuzz
