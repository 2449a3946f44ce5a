# Builds the tests of the CUDA backend for a machine without CUDA; run.sh calls it from the repository's root.
# src/cuda is compiled as C++ on the stand-in of mock/. The core and the CPU kernels have their sanitizers in
# tests/core; here they are only compared with.

BUILD := .build/cuda-tests
CXX ?= g++
SAN := -fsanitize=undefined -fno-sanitize-recover=undefined
CXXFLAGS := -std=c++17 -g -Wall -Wextra -Wno-unknown-pragmas -fPIC -pthread
CPPFLAGS := -Isrc -Itests -Itests/core -Itests/cuda/mock -DAESOP_STD_THREADS -DAESOP_EMULATED

subjects := kernels products elementwise heads convolution noise_kinds variational samples
library := $(wildcard src/core/*.cpp) $(wildcard src/cpu/*.cpp)
device := $(wildcard src/cuda/*.cu)
mock := tests/cuda/mock/fibers.cpp tests/cuda/mock/runtime.cpp
tests := $(subjects:%=tests/core/test_%.cpp) $(wildcard tests/cuda/test_*.cpp) tests/core/test_main.cpp \
    tests/cuda/under_test.cpp tests/cuda/mock/guarded_new.cpp

objects = $(patsubst %,$(BUILD)/%.o,$(basename $(1)))

all: $(BUILD)/cuda-tests $(BUILD)/cuda-driver $(BUILD)/aesop_cuda.so

$(BUILD)/cuda-tests: $(call objects,$(tests) $(device) $(mock) $(library))
	$(CXX) $(CXXFLAGS) $(SAN) -o $@ $^
$(BUILD)/cuda-driver: $(call objects,tests/cuda/driver.cpp $(library))
	$(CXX) $(CXXFLAGS) $(SAN) -o $@ $^ -ldl
$(BUILD)/aesop_cuda.so: $(call objects,$(device) $(mock))
	$(CXX) $(CXXFLAGS) $(SAN) -shared -o $@ $^

$(call objects,$(library)): flags := -O2
$(call objects,$(tests) tests/cuda/driver.cpp): flags := -O1 $(SAN)
$(call objects,$(device) $(mock)): flags := -O1 $(SAN) -fvisibility=hidden

$(BUILD)/%.o: %.cpp tests/cuda/build.make
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) $(flags) -MMD -MP -c -o $@ $<
$(BUILD)/%.o: %.cu tests/cuda/build.make
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) $(flags) -MMD -MP -x c++ -c -o $@ $<

-include $(patsubst %.o,%.d,$(call objects,$(tests) $(device) $(mock) $(library) tests/cuda/driver.cpp))
