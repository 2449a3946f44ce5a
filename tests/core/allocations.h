// How much memory something asks for, in all: under the address sanitizer, whose hooks count it.
#pragma once

#include <cstddef>

#ifdef __SANITIZE_ADDRESS__ // gcc does not install the header that declares this
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void *, std::size_t),
                                                         void (*)(const volatile void *));
#endif

namespace allocations {

#ifdef __SANITIZE_ADDRESS__
constexpr bool kCounted = true;
#else
constexpr bool kCounted = false;
#endif

inline std::size_t total = 0;

// Bytes that `body` took from the heap, whether or not it gave them back; 0 where nothing counts them.
template <class Body>
std::size_t counted(Body &&body) {
#ifdef __SANITIZE_ADDRESS__
    static const int installed = __sanitizer_install_malloc_and_free_hooks(
        [](const volatile void *, std::size_t size) { total += size; }, [](const volatile void *) {});
    static_cast<void>(installed);
#endif
    total = 0;
    body();
    return total;
}

} // namespace allocations
