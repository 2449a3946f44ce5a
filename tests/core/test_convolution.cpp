// The operations on images: the plain reference against definitions with one loop per index, known answers,
// and the kernels of every instruction set against the reference, bit by bit.
#include "kernel_data.h"

using namespace kernel_test;

namespace {

const Backend<double> &reference = reference_backend<double>();
const Backend<float> &plain = reference_backend<float>();

int64_t at(const Window &w, int64_t y, int64_t x, int64_t c) {
    return (y * w.width + x) * w.channels + c;
}

// A window with the positions of padding "valid" or "same".
Window window(int64_t height, int64_t width, int64_t channels, int64_t kh, int64_t kw, int64_t sh, int64_t sw,
              bool same) {
    Window w{height, width, channels, kh, kw, sh, sw, 0, 0, 0, 0};
    w.out_height = same ? (height + sh - 1) / sh : (height - kh) / sh + 1;
    w.out_width = same ? (width + sw - 1) / sw : (width - kw) / sw + 1;
    if (same) {
        w.pad_top = std::max<int64_t>((w.out_height - 1) * sh + kh - height, 0) / 2;
        w.pad_left = std::max<int64_t>((w.out_width - 1) * sw + kw - width, 0) / 2;
    }
    return w;
}
Window random_window(Rng &rng, bool pool = false) {
    bool same = size(rng, 0, 1), flat = size(rng, 0, 3) == 0;
    int64_t kh = flat ? 1 : size(rng, 1, 4), kw = size(rng, 1, flat ? 9 : 4);
    int64_t height = flat ? 1 : size(rng, same ? 1 : kh, 12),
            width = size(rng, same ? 1 : kw, flat ? 40 : 12);
    int64_t channels = size(rng, 0, 2) ? size(rng, 1, 5) : size(rng, 6, 40);
    bool tile = pool && size(rng, 0, 1);
    return window(height, width, channels, kh, kw, tile || flat ? kh : size(rng, 1, 4),
                  tile ? kw : size(rng, 1, 4), same);
}
// Steps that tile the image, as upsampling wants them; some leave cells over at the end.
Window random_tiles(Rng &rng) {
    int64_t kh = size(rng, 1, 3), kw = size(rng, 1, 4);
    return window(size(rng, kh, 9), size(rng, kw, 11), size(rng, 1, 20), kh, kw, kh, kw, size(rng, 0, 1));
}

// y = sum over window and channels of x k + bias, one loop per index.
double convolved(const Window &w, const Matrix<double> &x, const Weights<double> &k, int64_t b, int64_t oy,
                 int64_t ox, int64_t filter) {
    double sum = 0;
    for (int64_t ky = 0; ky < w.kernel_height; ky++)
        for (int64_t kx = 0; kx < w.kernel_width; kx++)
            for (int64_t c = 0; c < w.channels; c++) {
                int64_t y = oy * w.stride_height + ky - w.pad_top, xx = ox * w.stride_width + kx - w.pad_left;
                if (y >= 0 && y < w.height && xx >= 0 && xx < w.width)
                    sum +=
                        x.at(b, at(w, y, xx, c)) * k.at((ky * w.kernel_width + kx) * w.channels + c, filter);
            }
    return sum;
}

std::vector<double> values(const Matrix<double> &m) {
    std::vector<double> v;
    for (int64_t r = 0; r < m.rows; r++)
        v.insert(v.end(), m.row(r), m.row(r) + m.cols);
    return v;
}

// The images 1, 2, 3, ... of one channel.
Pair counting(int64_t cells) {
    Pair x(1, cells);
    x.fill([](int64_t, int64_t c) { return double(c + 1); });
    return x;
}
std::vector<double> pooled(Pooling kind, const Window &w) {
    Pair x = counting(w.image_size()), y(1, w.positions() * w.channels);
    reference.pool(nullptr, kind, w, x.d, y.d);
    return values(y.d);
}

// The same float operation by the reference and a backend, on outputs that begin with old values: equal bits,
// padding zero.
template <class F>
void check_same(const Backend<float> &cpu, const char *what, int64_t rows, int64_t cols, F &&operation) {
    Pair expected(rows, cols), found(rows, cols);
    std::fill(expected.f_.begin(), expected.f_.end(), 7.0f);
    std::fill(found.f_.begin(), found.f_.end(), 7.0f);
    operation(plain, expected.f), operation(cpu, found.f);
    for (int64_t r = 0; r < rows; r++)
        if (std::memcmp(expected.f.row(r), found.f.row(r), size_t(padded(cols)) * sizeof(float)) != 0)
            check::fail(__FILE__, __LINE__, std::string(what) + " " + cpu.name + " row " + std::to_string(r));
    CHECK(padding_is_zero(found.f));
    CHECK_EQUAL(found.f_.back(), 7.0f); // nothing beyond the last row
}

} // namespace

TEST("convolution: patches and product are the definition") {
    Rng rng(31);
    for (int i = 0; i < 300; i++) {
        Window w = random_window(rng);
        int64_t rows = size(rng, 1, 3), filters = size(rng, 1, 5);
        Pair x(rows, w.image_size()), p(rows * w.positions(), w.patch_size()),
            y(rows * w.positions(), filters), out(rows, w.positions() * filters);
        WeightPair k(w.patch_size(), filters);
        x.random(rng), k.random(rng);
        reference.patches(nullptr, w, x.d, p.d);
        reference.multiply(nullptr, p.d, k.d, nullptr, Activation::linear, 0, false, y.d);
        reference.regroup(nullptr, y.d, out.d);
        for (int64_t b = 0; b < rows; b++)
            for (int64_t oy = 0; oy < w.out_height; oy++)
                for (int64_t ox = 0; ox < w.out_width; ox++)
                    for (int64_t o = 0; o < filters; o++)
                        CHECK_NEAR(out.d.at(b, (oy * w.out_width + ox) * filters + o),
                                   convolved(w, x.d, k.d, b, oy, ox, o), 1e-12);
    }
}

TEST("convolution: the transpose is the adjoint, from the bias") {
    Rng rng(32);
    for (int i = 0; i < 300; i++) {
        Window w = random_window(rng);
        int64_t rows = size(rng, 1, 3);
        Pair x(rows, w.image_size()), p(rows * w.positions(), w.patch_size()), ax = p, aty = x,
                                                                               bias(1, w.channels);
        x.random(rng), p.random(rng), bias.random(rng);
        reference.patches(nullptr, w, x.d, ax.d);
        reference.patches_transposed(nullptr, w, p.d, nullptr, aty.d);
        double left = 0, right = 0;
        for (int64_t r = 0; r < p.d.rows; r++)
            for (int64_t c = 0; c < p.d.cols; c++)
                left += ax.d.at(r, c) * p.d.at(r, c);
        for (int64_t r = 0; r < rows; r++)
            for (int64_t c = 0; c < x.d.cols; c++)
                right += x.d.at(r, c) * aty.d.at(r, c);
        CHECK_NEAR(left, right, 1e-10);
        Pair shifted = x;
        reference.patches_transposed(nullptr, w, p.d, bias.d.data, shifted.d);
        for (int64_t c = 0; c < x.d.cols; c++)
            CHECK_NEAR(shifted.d.at(0, c) - aty.d.at(0, c), bias.d.at(0, c % w.channels), 1e-12);
    }
}

// tf.nn.conv2d and tf.nn.max_pool2d, "SAME": an even image with kernel 3 and stride 2 has its cell of padding
// at the end, an odd one has one at each side.
TEST("convolution: padding falls where TensorFlow has it") {
    Window even = window(1, 4, 1, 1, 3, 1, 2, true), odd = window(1, 5, 1, 1, 3, 1, 2, true);
    Pair x = counting(4), p(2, 3);
    reference.patches(nullptr, even, x.d, p.d);
    CHECK(values(p.d) == (std::vector<double>{1, 2, 3, 3, 4, 0}));
    Pair x5 = counting(5), p5(3, 3);
    reference.patches(nullptr, odd, x5.d, p5.d);
    CHECK(values(p5.d) == (std::vector<double>{0, 1, 2, 2, 3, 4, 4, 5, 0}));
    CHECK(pooled(Pooling::maximum, even) == (std::vector<double>{3, 4}));
    CHECK(pooled(Pooling::mean, even) == (std::vector<double>{2, 3.5})); // cells outside do not count
    CHECK(pooled(Pooling::mean, odd) == (std::vector<double>{1.5, 3, 4.5}));
    CHECK(pooled(Pooling::maximum, window(3, 3, 1, 2, 2, 1, 1, false)) == (std::vector<double>{5, 6, 8, 9}));
    CHECK(pooled(Pooling::maximum, window(3, 2, 2, 2, 2, 2, 2, false)) == (std::vector<double>{7, 8}));
    Pair sums(1, 4);
    p.fill([](int64_t, int64_t) { return 1.0; });
    reference.patches_transposed(nullptr, even, p.d, nullptr, sums.d);
    CHECK(values(sums.d) == (std::vector<double>{1, 1, 2, 1})); // as tf.nn.conv2d_transpose
}

TEST("convolution: gradients of pools") {
    Window w = window(1, 4, 1, 1, 2, 1, 1, false);
    Pair x(1, 4), y(1, 3), dy(1, 3), dx(1, 4);
    x.fill([](int64_t, int64_t c) { return c == 3 ? 1.0 : 5.0; }); // ties: the first
    dy.fill([](int64_t, int64_t c) { return double(1 + c); });
    reference.pool(nullptr, Pooling::maximum, w, x.d, y.d);
    reference.pool_gradient(nullptr, Pooling::maximum, w, x.d, y.d, dy.d, dx.d);
    CHECK(values(dx.d) == (std::vector<double>{1, 2, 3, 0}));
    reference.pool_gradient(nullptr, Pooling::mean, w, x.d, y.d, dy.d, dx.d);
    CHECK(values(dx.d) == (std::vector<double>{0.5, 1.5, 2.5, 1.5}));
}

TEST("convolution: upsampling repeats, and its gradient adds up") {
    Window w = window(3, 5, 1, 2, 2, 2, 2, false); // a row and a column are left over
    Pair x = counting(2), y(1, 15), dx(1, 2);
    reference.upsample(nullptr, w, x.d, y.d);
    CHECK(values(y.d) == (std::vector<double>{1, 1, 2, 2, 2, 1, 1, 2, 2, 2, 1, 1, 2, 2, 2}));
    y.fill([](int64_t, int64_t) { return 1.0; });
    reference.upsample_gradient(nullptr, w, y.d, dx.d);
    CHECK(values(dx.d) == (std::vector<double>{6, 9}));
    Window padded_window = window(1, 3, 2, 1, 4, 1, 4, true);
    Pair one = counting(2), all(1, 6);
    reference.upsample(nullptr, padded_window, one.d, all.d);
    CHECK(values(all.d) == (std::vector<double>{1, 2, 1, 2, 1, 2}));
}

TEST("convolution: kernels have the bits of the reference, for any number of threads") {
    for (int threads : {1, 3})
        each_backend(threads, [](const Backend<float> &cpu) {
            Rng rng(33);
            for (int i = 0; i < 150; i++) {
                Window w = random_window(rng, true), tiles = random_tiles(rng);
                int64_t rows = size(rng, 1, 6), n = w.positions() * w.channels;
                Pair x(rows, w.image_size()), p(rows * w.positions(), w.patch_size()), bias(1, w.channels),
                    y(rows, n), dy(rows, n), big(rows, tiles.image_size()),
                    small(rows, tiles.positions() * tiles.channels);
                x.fill([&](int64_t, int64_t) { return double(size(rng, -3, 3)); }); // ties in the pools
                p.random(rng), bias.random(rng), dy.random(rng), big.random(rng), small.random(rng);
                using Table = Backend<float>;
                using M = Matrix<float>;
                check_same(cpu, "patches", p.f.rows, p.f.cols,
                           [&](const Table &t, const M &out) { t.patches(t.self, w, x.f, out); });
                for (float *shift : {bias.f.data, static_cast<float *>(nullptr)})
                    check_same(cpu, "transposed", rows, x.f.cols, [&](const Table &t, const M &out) {
                        t.patches_transposed(t.self, w, p.f, shift, out);
                    });
                check_same(cpu, "regroup", rows * w.positions(), w.channels,
                           [&](const Table &t, const M &out) { t.regroup(t.self, dy.f, out); });
                check_same(cpu, "regroup", rows, p.f.cols * w.positions(),
                           [&](const Table &t, const M &out) { t.regroup(t.self, p.f, out); });
                for (Pooling kind : {Pooling::maximum, Pooling::mean}) {
                    check_same(cpu, "pool", rows, n,
                               [&](const Table &t, const M &out) { t.pool(t.self, kind, w, x.f, out); });
                    plain.pool(nullptr, kind, w, x.f, y.f);
                    check_same(cpu, "pool gradient", rows, x.f.cols, [&](const Table &t, const M &out) {
                        t.pool_gradient(t.self, kind, w, x.f, y.f, dy.f, out);
                    });
                }
                check_same(cpu, "upsample", rows, big.f.cols,
                           [&](const Table &t, const M &out) { t.upsample(t.self, tiles, small.f, out); });
                check_same(cpu, "upsample gradient", rows, small.f.cols, [&](const Table &t, const M &out) {
                    t.upsample_gradient(t.self, tiles, big.f, out);
                });
            }
        });
}
