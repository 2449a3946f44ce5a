// SHA-256 (FIPS 180-4), for the checksum of model files.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace aesop {

class Sha256 {
  public:
    void update(const void *data, std::size_t size);
    // The digest of all that was given, as 64 lower-case hexadecimal digits. Ends the computation.
    std::string finish();

  private:
    void block(const unsigned char *bytes);

    std::array<uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::array<unsigned char, 64> pending_{};
    uint64_t size_ = 0; // bytes so far
};

} // namespace aesop
