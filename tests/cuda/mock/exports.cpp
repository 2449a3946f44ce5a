// Failures on request, for tests that load the emulated plugin as R does (.C passes pointers).
#include "mock.h"

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT void aesop_mock_lose_device(const int *call) {
    mock::lose_device(*call);
}
EXPORT void aesop_mock_limit_allocations(const int *pieces) {
    mock::set_allocation_limit(*pieces);
}
EXPORT void aesop_mock_spoil_copies(const int *wrong) {
    mock::spoil_copies(*wrong != 0);
}
