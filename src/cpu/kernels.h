// The innermost loops, compiled once per instruction set and chosen at run time (dispatch.h). Plain pointers
// and numbers only: no class of the standard library and no template of the core is used inside them, so
// that no shared inline symbol is compiled for a processor that others do not have.
//
// Rows are `ld` floats apart; `cols` need not be whole vectors, and what stands behind the last column is
// neither read nor written. Each value's result depends on its row and column only, not on the rectangle.
#pragma once
#include "../core/backend.h"
#include "../core/binomial.h"

namespace aesop {

// A rectangle of a matrix.
struct Block {
    float *data;
    int64_t ld, rows, cols;
};

// Pieces of the rows of a sparse matrix: row r has the values begin[r * step] ... end[r * step] - 1.
struct SparseRows {
    const int64_t *begin, *end;
    const int32_t *index;
    const float *value;
    int64_t rows, step;
    int32_t first; // subtracted from the indices
};

// What a product computes of a panel or tile when n columns are left: a multiple of 8, from 16 to 64.
inline int columns_of(int64_t n) {
    return n <= 16 ? 16 : n >= kPanel ? kPanel : int((n + 7) / 8 * 8);
}

struct Kernels {
    const char *name;
    int lanes;

    // c[r][j] = sum_k a[r * a_row + k * a_step] * b[k * b_step + j], k ascending, one chain per value;
    // accumulate: the chain goes on from c. width: of columns_of(), the columns behind stay as they are.
    // ahead: memory to be fetched into the cache meanwhile, of any size, 0 included.
    void (*product)(int64_t rows, int64_t depth, const float *a, int64_t a_row, int64_t a_step,
                    const float *b, int64_t b_step, int width, float *c, int64_t c_step, bool accumulate,
                    const float *ahead, int64_t ahead_size);
    // c = a' b for `inputs` columns of a and `columns` of b, rows of b and c `width` apart, while the weights
    // and moments (or null) of these inputs are fetched into the cache; and from each of `depth` rows,
    // later_step apart, 8 values for every 6 inputs.
    void (*gradient_product)(int64_t inputs, int64_t depth, const float *a, int64_t a_step, const float *b,
                             int width, int columns, float *c, bool accumulate, const float *w,
                             const float *first, const float *second, const float *later, int64_t later_step);
    // product() with only the stored values of a; b begins with the row of x.first. width: 16, 32, 48 or 64.
    void (*sparse_product)(const SparseRows &x, const float *b, int64_t b_step, int width, float *c,
                           int64_t c_step, bool accumulate);
    // to[j][i] = from[i][j]; cols a multiple of 16; the columns of `to` beyond `rows`, up to a multiple of
    // 16, are set to zero.
    void (*transpose)(int64_t rows, int64_t cols, const float *from, int64_t from_ld, float *to,
                      int64_t to_ld);
    // y = f([y +] z + bias); bias may be null, and z be y.
    void (*finish)(Activation f, float slope, const Block &z, bool accumulate, const float *bias,
                   const Block &y);
    // to[i] = parts[0][i] + parts[1][i] + ..., in this order, for parts `stride` floats apart.
    void (*join)(int n_parts, int64_t stride, const float *parts, float *to, int64_t n);

    void (*update)(const UpdateRule &rule, const float *gradient, float *w, float *first, float *second,
                   int64_t n);
    void (*column_sums)(const Block &x, float *sums);

    void (*activate)(Activation f, float slope, const Block &z, const Block &y);
    void (*activation_gradient)(Activation f, float slope, const Block &z, const Block &y, const Block &dy);
    void (*softmax)(const Block &y);
    void (*softmax_gradient)(const Block &y, const Block &dy);
    // Columns [begin, end) of all rows.
    void (*batch_norm)(const BatchNorm<float> &a, int64_t begin, int64_t end);
    void (*batch_norm_gradient)(const BatchNorm<float> &a, const Matrix<float> &dy, float *gamma_gradient,
                                float *beta_gradient, int64_t begin, int64_t end);

    // y += factor * x.
    void (*add)(float factor, const Block &x, const Block &y);

    // x starts at column 0; ids: of its rows.
    void (*dropout)(const DrawKey &key, const uint32_t *ids, double p, const Block &x);
    // x: the whole minibatch, y: its rows from `row` on; ids: of the rows of y.
    void (*corrupt)(const NoiseRule &rule, const DrawKey &key, const uint32_t *ids, const Block &x,
                    int64_t row, const Block &y);
    void (*mask_values)(const DrawKey &key, uint32_t id, double p, float factor, const int32_t *index,
                        float *values, int64_t n);
    // Counts up to kThinByUnit; larger ones stay.
    void (*thin_values)(const DrawKey &key, uint32_t id, double p, const int32_t *index, float *values,
                        int64_t n);
    void (*sample_normal)(const DrawKey &key, const uint32_t *ids, const Block &mean,
                          const Block &log_variance, const Block &z);
    void (*sample_normal_gradient)(const DrawKey &key, const uint32_t *ids, const Block &mean,
                                   const Block &log_variance, const Block &dz, float weight,
                                   const Block &dmean, const Block &dlog_variance);
    // Rows of n numbers of the host in single precision; at most kNarrowRows.
    void (*narrow)(int64_t rows, const double *const *from, float *to, int64_t ld, int64_t n);
    void (*transform)(const InputTransform<float> &t, const float *size_factor, const Block &x);
    void (*transform_values)(const InputTransform<float> &t, float size_factor, const int32_t *index,
                             float *values, int64_t n);

    // The loss of rows [row, row_end) and columns [begin, end), at most kLossColumns of them: one sum per row
    // goes to sums[row - first row]. log_theta_gradient is added to.
    void (*loss)(const LossArguments<float> &a, int64_t row, int64_t row_end, int64_t begin, int64_t end,
                 double *sums);

    // Sums over at most kSumValues values.
    double (*squares)(const float *x, int64_t n);
    double (*penalty)(const float *w, int64_t n, double l1, double l2);
    void (*add_penalty_gradient)(float *g, const float *w, int64_t n, double l1, double l2);
    double (*activity_l1)(const Block &h, float factor, float *dh, int64_t dh_ld);
    double (*divergence)(const Block &mean, const Block &log_variance);

    // The contractive penalty. w: `inputs` rows of a panel, `width` values each; sums[j]: of w^2.
    void (*square_columns)(const float *w, int64_t inputs, int64_t width, float *sums);
    // to[i][j] += factor * scale[j] * w[i][j].
    void (*add_scaled)(float factor, const float *scale, const float *w, int64_t inputs, int64_t width,
                       float *to);
    // sums[j]: of f'^2 down the columns of y; dy += 2 factor f'' weights, unless dy.data is null.
    void (*slope_squares)(Activation f, float slope, const Block &y, const float *weights, float factor,
                          const Block &dy, float *sums);
};

constexpr int64_t kLossColumns = 256, kSumValues = 16384, kNarrowRows = 5;

// Null where the compiler cannot make them.
const Kernels *baseline_kernels();
const Kernels *avx2_kernels();
const Kernels *avx512_kernels();

} // namespace aesop
