# Builds the tests of the CUDA backend; run.sh and driver.sh call it from the repository's root.
#
# Without NVCC: src/cuda is compiled as C++ on the stand-in of mock/. The core and the CPU kernels have their
# sanitizers in tests/core; here they are only compared with.
# With NVCC (its path) and ARCH (as its -arch): the real thing.

BUILD := .build/cuda-tests
CXX ?= g++
CXXFLAGS := -std=c++17 -g -Wall -Wextra -Wno-unknown-pragmas -fPIC -pthread
CPPFLAGS := -Isrc -Itests -Itests/core -DAESOP_STD_THREADS

library := $(wildcard src/core/*.cpp) $(wildcard src/cpu/*.cpp)
device := $(wildcard src/cuda/*.cu)
tests := $(shell grep -l each_backend tests/core/test_*.cpp) $(wildcard tests/cuda/test_*.cpp) \
    tests/core/test_main.cpp tests/cuda/under_test.cpp
with_kernels := tests/cuda/test_queue.cpp tests/cuda/test_failures.cpp
driver := tests/cuda/driver.cpp

objects = $(patsubst %,$(BUILD)/%.o,$(basename $(1)))

ifdef NVCC
CPPFLAGS += -I$(dir $(realpath $(NVCC)))../include
NVCCFLAGS := -std=c++17 -O2 -arch=$(ARCH) -Xcompiler -fPIC,-Wall,-Wextra
link := $(NVCC) -arch=$(ARCH) -Xcompiler -pthread
compile_device := $(NVCC) -Isrc $(NVCCFLAGS) -Xcompiler -fvisibility=hidden
else
SAN := -fsanitize=undefined -fno-sanitize-recover=undefined
CPPFLAGS += -Itests/cuda/mock -DAESOP_EMULATED
mock := tests/cuda/mock/fibers.cpp tests/cuda/mock/runtime.cpp
requests := tests/cuda/mock/exports.cpp
tests += tests/cuda/mock/guarded_new.cpp
link := $(CXX) $(CXXFLAGS) $(SAN)
compile_device = $(CXX) $(CPPFLAGS) $(CXXFLAGS) $(flags) -MMD -MP -x c++
endif

all: $(BUILD)/cuda-tests $(BUILD)/cuda-driver $(BUILD)/aesop_cuda.so

$(BUILD)/cuda-tests: $(call objects,$(tests) $(device) $(mock) $(library))
	$(link) -o $@ $^
$(BUILD)/cuda-driver: $(call objects,$(driver) $(library))
	$(CXX) $(CXXFLAGS) $(SAN) -o $@ $^ -ldl
$(BUILD)/aesop_cuda.so: $(call objects,$(device) $(mock) $(requests))
	$(link) -shared -o $@ $^

$(call objects,$(library)): flags := -O2
$(call objects,$(tests) $(driver)): flags := -O1 $(SAN)
$(call objects,$(device) $(mock) $(requests)): flags := -O1 $(SAN) -fvisibility=hidden

ifdef NVCC
$(call objects,$(with_kernels)): $(BUILD)/%.o: %.cpp
	@mkdir -p $(@D)
	$(NVCC) $(CPPFLAGS) $(NVCCFLAGS) -x cu -c -o $@ $<
endif
$(BUILD)/%.o: %.cpp tests/cuda/build.make
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) $(flags) -MMD -MP -c -o $@ $<
$(BUILD)/%.o: %.cu tests/cuda/build.make
	@mkdir -p $(@D)
	$(compile_device) -c -o $@ $<

-include $(patsubst %.o,%.d,$(call objects,$(tests) $(device) $(mock) $(requests) $(library) $(driver)))
