#!/bin/sh
# Breaks one formula at a time and requires the gradient tests to notice. Run after run.sh, whose objects it
# links with the one that is compiled anew from the broken source.
set -eu
cd "$(dirname "$0")/../.."
build=.build/core-tests
work=.build/mutations
sanitizers="-fsanitize=address,undefined -fno-sanitize-recover=undefined"
jobs=${JOBS:-2}
number=100
rm -rf "$work"
mkdir -p "$work"

# mutate NAME FILE COMPILED-FILE SED-EXPRESSION: some at a time, the verdicts in files.
mutate() {
    number=$((number + 1))
    mutant "$work/$number" "$@" >"$work/$number.verdict" 2>&1 &
    [ $((number % jobs)) -ne 0 ] || wait
}
mutant() {
    mkdir -p "$1/src"
    cp -r src/core "$1/src/core"
    sed "$5" "src/core/$3" >"$1/src/core/$3"
    if cmp -s "src/core/$3" "$1/src/core/$3"; then
        echo "not ok mutation: $2 (nothing in $3 matched)"
        return 0
    fi
    others=$(ls "$build"/src/core/*.o "$build"/src/cpu/*.o | grep -v "/$4.o\$")
    # shellcheck disable=SC2086
    if ! { g++ -std=c++17 -O0 $sanitizers -DAESOP_STD_THREADS -I"$1/src" -c -o "$1/mutant.o" "$1/src/core/$4.cpp" &&
        g++ $sanitizers -pthread -o "$1/mutant" "$1/mutant.o" $others "$build/tests/core/test_gradients.o" \
            "$build/tests/core/test_networks.o" "$build/tests/core/test_main.o"; }; then
        echo "not ok mutation: $2 (does not compile)"
    elif ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0 "$1/mutant" gradients networks >"$1/output" 2>&1; then
        echo "not ok mutation: $2 (the gradient tests pass with it)"
    else
        echo "ok mutation: $2"
    fi
    rm -rf "$1"
}

mutate "sign of the tanh derivative" activation-inl.h reference 's/return T(1) - y \* y;/return T(1) + y * y;/'
mutate "squared loss off by 1.001" loss-inl.h reference_loss 's/{r \* r, T(2) \* r}/{r * r, T(2.002) * r}/'
mutate "half of the digamma series" loss-inl.h reference_loss 's/return sum + log1p_of(t \* rx) + d \* s;/return sum + log1p_of(t * rx);/'
mutate "variance term of batch-norm" reference.cpp reference 's/(sum + normal \* product) \/ Real(n)/sum \/ Real(n)/'
mutate "activation left out of backward" layer.cpp layer 's/else if (activation_ != Activation::linear)/else if (false)/'
mutate "dropout left out of backward" layer.cpp layer 's/^    drop(pass, dy);$//'
mutate "tied weights: one of two products" parameters.h layer 's/p.pending.data(), int(p.pending.size())/p.pending.data(), 1/'
mutate "forgotten factor of the L2 penalty" reference.cpp reference 's/Real(2 \* l2) \* w\[i\]/Real(l2) * w[i]/'
mutate "weights not transposed for the gradient by the input" reference.cpp reference 's/s += y.at(b, o) \* w.at(i, o);/s += y.at(b, o) * w.at(i % w.shape.units, o % w.shape.inputs);/'
mutate "batch size missing in the activity penalty" autoencoder.cpp autoencoder 's/Real(config_.activity_l1 \/ rows)/Real(config_.activity_l1)/'
mutate "half of the divergence by the log variance" reference_draws.cpp reference_draws 's/weight \* (std::exp(v) - 1) \/ 2/weight * (std::exp(v) - 1)/'
mutate "batch size missing in the divergence" bottleneck.cpp bottleneck 's/Real(divergence_weight \/ double(pass.rows))/Real(divergence_weight)/'
mutate "second of two assays overwrites the gradient by the code" autoencoder.cpp autoencoder 's/dcode, i > 0, sink)/dcode, false, sink)/'
mutate "covariates without a gradient" layer.cpp layer 's/i < weights_.size(); i++)$/i < 1; i++)/'
mutate "perturbed code without a gradient" autoencoder.cpp autoencoder 's/backend_.add(backend_.self, factor - 1, difference_, dperturbed);//'
mutate "exact contraction without its part by the weights" reference_loss.cpp reference_loss 's/dw.at(i, j) += 2 \* factor/dw.at(i, j) += 0 * factor/'
mutate "weight of a feature left out of its slope" reference_loss.cpp reference_loss 's/weight = a.weight \* share/weight = a.weight/'
wait
cat "$work"/*.verdict
passed=$(cat "$work"/*.verdict | grep -c '^ok ' || true)
failed=$((number - 100 - passed))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
