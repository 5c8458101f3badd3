# `make` lists what there is. Everything is built under build/, with Meson, by tools/build.sh.
help:
	@echo 'make demo    installs what is needed, builds everything, shows a host and two Windows guests at work'
	@echo 'make test    builds everything and runs all tests; ends with "N passed, N failed"'
	@echo 'make test-xen  only the tests on real Xen (Xen and dom0 run in QEMU)'
	@echo 'make bench   measures, and prints ratios to a named reference'
	@echo 'make clean   removes build/ (programs, Wine prefixes, unpacked Debian packages)'

demo:
	@tools/build.sh
	@linux/dom0/demo.sh

test:
	@tools/test.sh

test-xen:
	@tools/test.sh xen

bench:
	@tools/build.sh
	@bench/run.sh

clean:
	@rm -rf build

.PHONY: help demo test test-xen bench clean
