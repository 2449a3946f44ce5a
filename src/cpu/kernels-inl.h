// All kernels of one instruction set; included by kernels_<isa>.cpp inside aesop::<isa>.
#define AESOP_NAME_(name) #name
#define AESOP_NAME(name) AESOP_NAME_(name)

#include "formulas-inl.h"

#include "elementwise-inl.h"
#include "loss_kernels-inl.h"
#include "noise-inl.h"
#include "products-inl.h"
#include "update_kernels-inl.h"

#include "penalty_kernels-inl.h"

static const Kernels table = {AESOP_NAME(AESOP_ISA),
                              kLanes,
                              product,
                              gradient_product,
                              sparse_product,
                              transpose,
                              finish,
                              join,
                              update,
                              column_sums,
                              activate_block,
                              activation_gradient,
                              softmax,
                              softmax_gradient,
                              batch_norm,
                              batch_norm_gradient,
                              add_block,
                              dropout,
                              corrupt,
                              mask_values,
                              thin_values,
                              sample_normal,
                              sample_normal_gradient,
                              narrow,
                              transform,
                              transform_values,
                              loss_rows,
                              squares,
                              penalty,
                              add_penalty_gradient,
                              activity_l1,
                              divergence,
                              square_columns,
                              add_scaled,
                              slope_squares};
