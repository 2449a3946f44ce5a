// The tests' own memory against the end of a page, so that a kernel that leaves it is caught at once; and
// never used twice, so that one that comes too late is.
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <sys/mman.h>

namespace {

constexpr size_t kSpace = size_t(1) << 42, kPage = 4096, kLeast = 256, kAlign = 64;

// Before every piece.
struct Header {
    char *first;
    size_t mapped;
};

char *space() {
    static char *const all = static_cast<char *>(
        mmap(nullptr, kSpace, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (all == MAP_FAILED)
        std::abort();
    return all;
}

void *guarded(size_t n) {
    static std::atomic<size_t> taken{0};
    const size_t used = (n + kAlign - 1) / kAlign * kAlign;
    const size_t mapped = (used + kAlign + kPage - 1) / kPage * kPage;
    const size_t at = taken.fetch_add(mapped + kPage);
    if (at + mapped + kPage > kSpace)
        std::abort();
    char *first = space() + at;
    if (mprotect(first, mapped, PROT_READ | PROT_WRITE) != 0)
        throw std::bad_alloc();
    char *p = first + mapped - used;
    reinterpret_cast<Header *>(p)[-1] = {first, mapped};
    return p;
}

} // namespace

void *operator new(size_t n) {
    if (n >= kLeast)
        return guarded(n);
    if (void *p = std::malloc(n ? n : 1))
        return p;
    throw std::bad_alloc();
}
void operator delete(void *p) noexcept {
    char *c = static_cast<char *>(p);
    if (c < space() || c >= space() + kSpace) {
        std::free(p);
        return;
    }
    const Header h = reinterpret_cast<Header *>(p)[-1];
    if (h.first > c || c - h.first > std::ptrdiff_t(kPage + kAlign))
        std::abort(); // something was written before the beginning
    mmap(h.first, h.mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}
void operator delete(void *p, size_t) noexcept {
    operator delete(p);
}
