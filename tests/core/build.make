# Builds the C++ tests; run.sh calls it from the repository's root with SAN (the sanitizer's flags).
# No R: the core and the CPU kernels stand alone, with std::thread in place of TBB.

BUILD := .build/core-tests
CXX ?= g++
CXXFLAGS := -std=c++17 -O1 -g -Wall -Wextra -pedantic $(SAN)
# Checks of use after scope make the kernels, thousands of small inlined functions, take minutes to compile.
CXXFLAGS += $(if $(SAN),-fno-sanitize-address-use-after-scope)
CPPFLAGS := -Isrc -Itests/core -DAESOP_STD_THREADS

TARGET := $(BUILD)/core-tests

library := $(wildcard src/core/*.cpp) $(wildcard src/cpu/*.cpp)
tests := $(wildcard tests/core/test_*.cpp)
objects := $(patsubst %.cpp,$(BUILD)/%.o,$(library) $(tests))

$(TARGET): $(objects)
	$(CXX) $(CXXFLAGS) -pthread -o $@ $(objects)

$(BUILD)/%.o: %.cpp tests/core/build.make
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) -pthread -MMD -MP -c -o $@ $<

-include $(objects:.o=.d)
