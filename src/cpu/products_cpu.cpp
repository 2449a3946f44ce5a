// y = f(x W + b) and x = f(y W' + b). Both are products with a right-hand side that is taken in tiles of 64
// columns (a panel of W, or a transposed piece of one) and a sum over `depth` that may be cut into parts:
// with few tiles and a deep sum (5000 genes to 100 units) the parts are what the threads share. How the sum
// is cut depends on the shape of W only, so a row's result does not depend on the other rows.
#include "cpu_state.h"
#include <algorithm>

namespace aesop {
namespace {

constexpr int64_t kManyTiles = 8;   // enough of them for the threads: no cut of the sum
constexpr int64_t kPartDepth = 256; // terms of a sum per part, at least
constexpr int64_t kMaxParts = 32;
constexpr int64_t kRowBlock = 64; // rows of a shard
constexpr int64_t kFewRows = 128; // up to here the parts of one sum are shards; beyond, blocks of rows are

// A sum of `length` terms in `n` parts of `step` terms.
struct Parts {
    int64_t length, n, step;
    Parts(int64_t terms, int64_t tiles, int64_t unit, int64_t least) : length(terms) {
        n = tiles >= kManyTiles ? 1 : std::clamp<int64_t>(divide_up(terms, least), 1, kMaxParts);
        step = std::max(divide_up(divide_up(terms, n), unit) * unit, unit);
        n = std::max<int64_t>(divide_up(terms, step), 1);
    }
    int64_t begin(int64_t i) const { return i * step; }
    int64_t end(int64_t i) const { return std::min(length, (i + 1) * step); }
};

// What is done with the finished sums.
struct Finish {
    Activation f;
    float slope;
    bool accumulate;
    const float *bias;
    Matrix<float> y;
    void operator()(const Kernels &k, const float *z, int64_t ld, int64_t row, int64_t rows, int64_t col,
                    int64_t cols) const {
        cols = std::min(cols, y.cols - col);
        Block from{const_cast<float *>(z), ld, rows, cols}, to{y.row(row) + col, y.ld, rows, cols};
        k.finish(f, slope, from, accumulate, bias ? bias + col : nullptr, to);
    }
};

// fill(part, tile, row, rows, out, ld, worker) writes one part of the sums of a tile, `width(tile)` columns.
template <class Width, class Fill>
void run_product(CpuState &s, int64_t tiles, const Parts &parts, int64_t row_block, const Finish &finish,
                 int64_t scratch, Width &&width, Fill &&fill) {
    const Matrix<float> &y = finish.y;
    const Kernels &k = s.kernels;
    int64_t blocks = divide_up(y.rows, row_block), piece = row_block * kPanel;
    auto rows_of = [&](int64_t block) { return std::min(row_block, y.rows - block * row_block); };

    if (parts.n == 1) { // straight into y, or beside it where y is a term of the sum
        s.reserve_own(scratch + piece);
        s.team.run(tiles * blocks, [&](int64_t shard, int worker) {
            int64_t tile = shard / blocks, row = shard % blocks * row_block, rows = rows_of(shard % blocks);
            float *out = y.row(row) + tile * kPanel;
            int64_t ld = y.ld;
            if (finish.accumulate)
                out = s.own[worker].get(0) + scratch, ld = width(tile);
            fill(0, tile, row, rows, out, ld, worker);
            finish(k, out, ld, row, rows, tile * kPanel, width(tile));
        });
    } else if (y.rows <= kFewRows) { // every part of every tile for itself, then the sums of the parts
        int64_t ld = leading_dimension(tiles * kPanel), size = y.rows * ld + kLane;
        float *all = s.shared.get(parts.n * size);
        s.reserve_own(std::max(scratch, 8 * ld));
        s.team.run(tiles * parts.n, [&](int64_t shard, int worker) {
            int64_t part = shard / tiles, tile = shard % tiles;
            fill(part, tile, 0, y.rows, all + part * size + tile * kPanel, ld, worker);
        });
        s.team.run(divide_up(y.rows, 8), [&](int64_t shard, int worker) {
            int64_t row = shard * 8, rows = std::min<int64_t>(8, y.rows - row);
            float *sum = s.own[worker].get(0);
            k.join(int(parts.n), size, all + row * ld, sum, rows * ld);
            finish(k, sum, ld, row, rows, 0, y.cols);
        });
    } else { // the same sums, a block of rows at a time
        s.reserve_own(scratch + 2 * piece);
        s.team.run(blocks, [&](int64_t block, int worker) {
            int64_t row = block * row_block, rows = rows_of(block);
            float *sum = s.own[worker].get(0) + scratch;
            for (int64_t tile = 0; tile < tiles; tile++) {
                int64_t ld = width(tile);
                fill(0, tile, row, rows, sum, ld, worker);
                for (int64_t part = 1; part < parts.n; part++) {
                    fill(part, tile, row, rows, sum + piece, ld, worker);
                    k.join(2, piece, sum, sum, rows * ld);
                }
                finish(k, sum, ld, row, rows, tile * kPanel, ld);
            }
        });
    }
}

// Index of the first value that is not less: no branches to mispredict, which cost more than the search.
int64_t first_not_less(const int32_t *index, int64_t first, int64_t last, int32_t column) {
    int64_t n = last - first;
    while (n > 1) {
        int64_t half = n / 2;
        first += index[first + half - 1] < column ? half : 0;
        n -= half;
    }
    return first + (n == 1 && index[first] < column);
}

// Where the parts of a sum begin and end in the rows of a sparse operand: rows x (parts.n + 1).
const int64_t *part_bounds(CpuState &s, const SparseMatrix<float> &x, const Parts &parts) {
    int64_t width = parts.n + 1;
    if (int64_t(s.bounds.size()) < x.rows * width)
        s.bounds.resize(size_t(x.rows * width));
    s.team.run(divide_up(x.rows, 8), [&](int64_t shard) {
        for (int64_t r = shard * 8; r < std::min(x.rows, shard * 8 + 8); r++) {
            int64_t *cut = s.bounds.data() + r * width;
            cut[0] = x.start[r], cut[parts.n] = x.start[r + 1];
            for (int64_t i = 1; i < parts.n; i++)
                cut[i] = first_not_less(x.index, cut[i - 1], cut[parts.n], int32_t(parts.begin(i)));
        }
    });
    return s.bounds.data();
}

void multiply(void *self, const Operand<float> &x, const Weights<float> &w, const float *bias, Activation f,
              float slope, bool accumulate, const Matrix<float> &y) {
    CpuState &s = state_of(self);
    const Kernels &k = s.kernels;
    const PanelShape &shape = w.shape;
    Parts parts(shape.inputs, shape.panels(), kLane, kPartDepth);
    const int64_t *bounds = x.is_sparse ? part_bounds(s, x.sparse, parts) : nullptr;
    run_product(
        s, shape.panels(), parts, kRowBlock, Finish{f, slope, accumulate, bias, y}, 0,
        [&](int64_t p) { return shape.width(p); },
        [&](int64_t part, int64_t p, int64_t row, int64_t rows, float *out, int64_t ld, int) {
            int64_t begin = parts.begin(part), end = parts.end(part), width = shape.width(p);
            const float *panel = w.data + shape.offset(p) + begin * width;
            if (!x.is_sparse) { // fetches what the next shard needs: the next panel, or of the first one
                const Matrix<float> &d = x.dense;
                bool more = p + 1 < shape.panels();
                int64_t depth = end - begin, size = more ? depth * shape.width(p + 1) : 0;
                const float *next = more ? w.data + shape.offset(p + 1) + begin * shape.width(p + 1) : panel;
                if (!more && part + 1 < parts.n)
                    size = (parts.end(part + 1) - end) * shape.width(0), next = w.data + end * shape.width(0);
                k.product(rows, depth, d.data + row * d.ld + begin, d.ld, 1, panel, width,
                          columns_of(shape.units - p * kPanel), out, ld, false, next, size);
                return;
            }
            const int64_t *cut = bounds + row * (parts.n + 1) + part;
            SparseRows piece{cut, cut + 1, x.sparse.index, x.sparse.value, rows, parts.n + 1, int32_t(begin)};
            k.sparse_product(piece, panel, width, int(width), out, ld, false);
        });
}

// A tile is 64 inputs; for each panel the tile's piece of W is transposed, so that inputs are the lanes and
// the sum over the units is one ascending chain per value. The transpose costs about 8% at 50 rows.
void multiply_transposed(void *self, const Matrix<float> &y, const Weights<float> &w, const float *bias,
                         Activation f, float slope, bool accumulate, const Matrix<float> &x) {
    CpuState &s = state_of(self);
    const Kernels &k = s.kernels;
    const PanelShape &shape = w.shape;
    int64_t tiles = divide_up(shape.inputs, kPanel);
    Parts parts(shape.panels(), tiles, 1, kPartDepth / kPanel);
    auto inputs_of = [&](int64_t tile) { return std::min<int64_t>(kPanel, shape.inputs - tile * kPanel); };
    run_product(
        s, tiles, parts, 4 * kRowBlock, Finish{f, slope, accumulate, bias, x}, kPanel * kPanel,
        [&](int64_t tile) { return padded(inputs_of(tile)); },
        [&](int64_t part, int64_t tile, int64_t row, int64_t rows, float *out, int64_t ld, int worker) {
            int64_t inputs = inputs_of(tile), columns = padded(inputs);
            float *turned = s.own[worker].get(0);
            for (int64_t p = parts.begin(part); p < parts.end(part); p++) {
                int64_t width = shape.width(p), units = std::min<int64_t>(kPanel, shape.units - p * kPanel);
                const float *next =
                    w.data + shape.offset(std::min(p + 1, shape.panels() - 1)) + tile * kPanel * width;
                k.transpose(inputs, width, w.data + shape.offset(p) + tile * kPanel * width, width, turned,
                            columns);
                k.product(rows, units, y.data + row * y.ld + p * kPanel, y.ld, 1, turned, columns,
                          columns_of(inputs), out, ld, p > parts.begin(part), next, inputs * width);
            }
        });
}

} // namespace

void add_products(Backend<float> &table) {
    table.multiply = multiply;
    table.multiply_transposed = multiply_transposed;
}

} // namespace aesop
