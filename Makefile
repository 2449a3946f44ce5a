# The commands of this repository; `make` alone lists them. The R package itself
# is built by R CMD INSTALL and does not read this file.
#
#   AESOP_LIB=DIR   R library to install the package to (default: R's usual one)
.POSIX:
.PHONY: help demo demo-smoke test install check bench quality document clean

help:
	@echo 'make demo               set up, install, run on two real data sets'
	@echo 'make demo DATA=PATH     the same on your own data (see README.md)'
	@echo 'make test               set up, install, run all tests'
	@echo 'make test FILTER=RE     only the R tests in files that match RE'
	@echo 'make install            set up and install the package'
	@echo 'make check              R CMD check of the built package'
	@echo 'make bench              timings; PEER=torch adds PyTorch beside them'
	@echo 'make quality DATA=PATH  the defaults on labelled data, beside baselines'
	@echo 'make document           man pages, NAMESPACE, RcppExports (roxygen2)'
	@echo 'make clean              remove what these commands made here'
	@echo
	@echo 'AESOP_LIB=DIR installs to another R library than the usual one.'

demo:
	@sh tools/setup.sh demo
	@sh tools/install.sh
	@DATA='$(DATA)' TRANSPOSED='$(TRANSPOSED)' LABEL='$(LABEL)' sh tools/demo.sh

# Part of .ci/run: the demonstration from end to end on a small table.
demo-smoke:
	@sh tools/setup.sh demo
	@sh tools/install.sh
	@sh tools/demo-smoke.sh

test:
	@FILTER='$(FILTER)' sh tools/test.sh

install:
	@sh tools/setup.sh build
	@sh tools/install.sh

check:
	@sh tools/setup.sh test
	@sh tools/check.sh

bench:
	@sh tools/setup.sh build
	@sh tools/install.sh
	@. tools/common.sh && use_library && PEER='$(PEER)' sh bench/run.sh

# Some minutes. PART: denoising, clusters, batches or stability, not all of them.
quality:
	@test -d '$(DATA)' || { echo 'DATA=PATH: a folder as bench/quality/datasets.R reads it' >&2; exit 1; }
	@sh tools/setup.sh quality
	@sh tools/install.sh
	@. tools/common.sh && use_library && \
		Rscript bench/quality.R $(PART) '$(DATA)'

document:
	@Rscript -e 'Rcpp::compileAttributes()' -e 'roxygen2::roxygenise()'

clean:
	sh ./cleanup
	rm -rf .build tests/core/build demo-output aesop_*.tar.gz aesop.Rcheck
