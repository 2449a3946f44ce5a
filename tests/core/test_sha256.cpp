// Known answers of FIPS 180-4 and NIST's example values; others computed with OpenSSL.
#include "check.h"
#include "core/sha256.h"

#include <algorithm>
#include <string>

using aesop::Sha256;

static std::string digest(const std::string &text) {
    Sha256 hash;
    hash.update(text.data(), text.size());
    return hash.finish();
}

TEST("sha256: known answers") {
    CHECK_EQUAL(digest(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK_EQUAL(digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK_EQUAL(digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK_EQUAL(digest("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                       "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"),
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
    CHECK_EQUAL(digest(std::string(1000000, 'a')),
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST("sha256: lengths around the padding's edges") {
    // The digest of the digests (as text) of "x" repeated 0 to 200 times.
    Sha256 all;
    for (std::size_t n = 0; n <= 200; ++n) {
        const std::string one = digest(std::string(n, 'x'));
        all.update(one.data(), one.size());
    }
    CHECK_EQUAL(all.finish(), "75013a3fd49991ead9d8a57ea80485c088443c3406a0e8fa003ed57144041eb4");
}

TEST("sha256: the same in pieces of any size") {
    std::string text;
    for (int i = 0; i < 1000; ++i)
        text += static_cast<char>(i * 37 + i / 7);
    const std::string whole = digest(text);
    for (std::size_t piece : {1u, 3u, 55u, 56u, 63u, 64u, 65u, 127u, 500u}) {
        Sha256 hash;
        for (std::size_t at = 0; at < text.size(); at += piece)
            hash.update(text.data() + at, std::min(piece, text.size() - at));
        CHECK_EQUAL(hash.finish(), whole);
    }
}
