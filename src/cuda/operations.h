// The operations of the CUDA backend, by subject: each function fills its part of the table.
#pragma once
#include "../core/backend.h"

namespace aesop {

void add_cuda_products(Backend<float> &table);
void add_cuda_gradients(Backend<float> &table);
void add_cuda_convolution(Backend<float> &table);
void add_cuda_elementwise(Backend<float> &table);
void add_cuda_loss(Backend<float> &table);
void add_cuda_draws(Backend<float> &table);
void add_cuda_gather(Backend<float> &table);
void add_cuda_penalties(Backend<float> &table);

} // namespace aesop
