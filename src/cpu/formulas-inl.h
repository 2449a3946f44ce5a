// The number type of one instruction set with its functions, and the formulas of the core for it.
#define AESOP_LAMBDA __attribute__((always_inline))

#include "vector-inl.h"

#include "functions-inl.h"

#undef AESOP_INLINE
#define AESOP_INLINE AESOP_FORCE
#include "../core/activation-inl.h"
#include "../core/loss-inl.h"
#include "../core/update-inl.h"
