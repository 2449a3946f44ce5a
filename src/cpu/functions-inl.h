// exp, log, log1p, tanh, erf and cos for the vector type, and what the formulas of the core ask of a number
// type. Polynomials are our own Chebyshev fits (40 digits, rounded). Largest errors, in units of the last
// place where nothing else is said, are stated and checked in tests/core/test_vector_math.cpp.

template <class T>
struct GammaShift {
    static constexpr int steps = 4;
};

AESOP_FORCE Vec polynomial(Vec, Vec r) {
    return r;
}
template <class... More>
AESOP_FORCE Vec polynomial(Vec x, Vec r, double next, More... more) {
    return polynomial(x, fma_of(r, x, Vec(next)), more...);
}
// Coefficients from the highest power down.
template <class... More>
AESOP_FORCE Vec polynomial(Vec x, double first, More... more) {
    return polynomial(x, Vec(first), more...);
}

// exp(x) = 2^n exp(r), |r| <= log(2) / 2. Not a number stays one: it is the second operand of min and max.
AESOP_FORCE Vec exp_of(Vec x) {
    x = min_of(Vec(89), max_of(Vec(-104), x));
    Vec n = round_of(x * Vec(1.4426950408889634));
    Vec r = fma_of(n, Vec(-0.693359375), x);
    r = fma_of(n, Vec(2.12194440054690583e-4), r);
    Vec p = polynomial(r, 0.001392692661, 0.008363773874, 0.04166655011, 0.1666657338, 0.5);
    return scale_by_power(fma_of(r * r, p, r) + Vec(1), n);
}

// log(x) = e log(2) + log(m), m in [sqrt(1/2), sqrt(2)); numbers below the normal range count as 0.
AESOP_FORCE Vec log_of(Vec x) {
    IntLanes bits = as_int(x) - 0x3F3504F3;
    Vec e = from_int(bits >> 23), f = as_float((bits & 0x7FFFFF) + 0x3F3504F3) - Vec(1);
    Vec q = polynomial(f, 0.06980701959, -0.1149454661, 0.1168907114, -0.1242403772, 0.1424855126,
                       -0.1666785097, 0.200007305, -0.2499999663, 0.3333333112);
    Vec f2 = f * f;
    Vec low = fma_of(e, Vec(-2.12194440054690583e-4), f2 * fma_of(f, q, Vec(-0.5)));
    Vec r = fma_of(e, Vec(0.693359375), f + low);
    Mask usual = (x > Vec(1.17549421e-38)) & (x < Vec(3.0e38));
    if (__builtin_expect(mask_bits(!usual) & ((1u << (kLanes - 1)) * 2 - 1), 0)) {
        Vec rest = select(x > Vec(0), x,
                          select(x == x, Vec(__builtin_nan("")), x)); // infinite, negative, not a number
        rest = select(abs_of(x) < Vec(1.17549436e-38), Vec(-__builtin_inf()), rest);
        r = select(usual, r, rest);
    }
    return r;
}

// log(1 + x): log of the rounded sum u, plus what the rounding lost, over u.
AESOP_FORCE Vec log1p_of(Vec x) {
    Vec u = x + Vec(1), lost = x - (u - Vec(1));
    return log_of(u) + select(x < Vec(1e8), select(x > Vec(-1), lost / u, Vec(0)), Vec(0));
}

// log(1 + x) for 0 <= x <= 1: 2 atanh(s) = 2 s (1 + s^2 P(s^2)), s = x / (2 + x) <= 1/3. Half the work of the
// general one, which looks at exponents and special values.
AESOP_FORCE Vec log1p_fraction_of(Vec x) {
    Vec s = x / (x + Vec(2)), twice = s + s, s2 = s * s;
    Vec p = polynomial(s2, 0.1342574901, 0.141183099, 0.2000378032, 0.3333332017);
    return fma_of(twice * s2, p, twice);
}

// x + x^3 P(x^2) for |x| < 0.625, else 1 - 2 / (exp(2 |x|) + 1).
AESOP_FORCE Vec tanh_of(Vec x) {
    Vec a = abs_of(x), x2 = x * x;
    Vec p = polynomial(x2, -0.006096714166, 0.020997179, -0.05385090958, 0.1333276974, -0.3333332894);
    Vec far = Vec(1) - Vec(2) / (exp_of(a + a) + Vec(1));
    return select(a < Vec(0.625), fma_of(x * x2, p, x), with_sign(far, x));
}

// x + x P(x^2) for |x| < 1, else 1 - exp(-Q(|x|)), where Q fits -log(erfc) up to 4.
AESOP_FORCE Vec erf_of(Vec x) {
    Vec t = min_of(Vec(4), abs_of(x)), x2 = x * x;
    Vec p = polynomial(x2, -0.0005648059866, 0.004921762028, -0.02671505423, 0.1128031665, -0.3761234378,
                       0.1283791262);
    Vec q = polynomial(t, 1.327236181e-5, -0.0003169370225, 0.003432351381, -0.02260477224, 0.1032811176,
                       0.6391412576, 1.125893652, 0.0007658977797);
    return select(t < Vec(1), fma_of(x, p, x), with_sign(Vec(1) - exp_of(-q), x));
}

// cos(2 pi r) and sin(2 pi r), |r| <= 1/8.
AESOP_FORCE Vec cos_near_0(Vec r) {
    return polynomial(r * r, 59.22016896, -85.44284467, 64.93931614, -19.73920865, 1.0);
}
AESOP_FORCE Vec sin_near_0(Vec r) {
    return r * polynomial(r * r, -75.4016127, 81.59254287, -41.34166257, 6.283185288);
}

// cos(2 pi u), 0 <= u <= 1/2: u = k / 4 + r, |r| <= 1/8, exactly.
AESOP_FORCE Vec cos_turns(Vec u) {
    Vec k = round_of(u * Vec(4)), r = fma_of(k, Vec(-0.25), u), c = cos_near_0(r);
    return select(k == Vec(1), -sin_near_0(r), select(k == Vec(0), c, -c)); // k = 0, 1, 2
}

// As normal() of core/philox.h. u = (word >> 8 + 1/2) / 2^24 is not exact in float above 1/2, but 1 - u is,
// and log(u) = log1p(-(1 - u)), cos(2 pi u) = cos(2 pi (1 - u)).
AESOP_FORCE Vec normal_of(UintLanes a, UintLanes b) {
    IntLanes ia = IntLanes(a >> 8), ib = IntLanes(b >> 8);
    Vec unit = Vec(1.0 / 16777216), half = Vec(0.5);
    Vec from_0 = (from_int(ia) + half) * unit, from_1 = (from_int(0xFFFFFF - ia) + half) * unit;
    Vec log_u = select(from_0 < half, log_of(from_0), log1p_of(-from_1));
    Vec turn = min_of((from_int(ib) + half) * unit, (from_int(0xFFFFFF - ib) + half) * unit);
    return sqrt_of(Vec(-2) * log_u) * cos_turns(turn);
}

// As cauchy() of core/philox.h: tan(pi (u - 1/2)) = -cot(pi u), and cot(pi (1 - u)) = -cot(pi u).
AESOP_FORCE Vec cauchy_of(UintLanes word) {
    IntLanes i = IntLanes(word >> 8);
    Vec unit = Vec(1.0 / 16777216), half = Vec(0.5);
    Vec from_0 = (from_int(i) + half) * unit, from_1 = (from_int(0xFFFFFF - i) + half) * unit;
    Vec u = half * min_of(from_0, from_1); // in turns, up to 1/4
    Vec k = round_of(u * Vec(4)), r = fma_of(k, Vec(-0.25), u), c = cos_near_0(r), s = sin_near_0(r);
    Vec cot = min_of(select(k == Vec(1), -s, c) / select(k == Vec(1), c, s), Vec(kCauchyLimit));
    return select(from_0 < half, -cot, cot);
}
