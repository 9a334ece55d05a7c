# Shortcuts; each is one command you could type yourself.

default:
    @just --list

# Format, lint, test: what a change has to pass without a cluster
check:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings
    cargo test

# The first chapter on a real cluster
run *ARGS:
    cargo run --release -- run chapter-1 {{ ARGS }}

# The tests that need that cluster
test-cluster:
    GUIDE_TEST_KUBECONFIG=$PWD/.guide/kubeconfig GUIDE_TEST_CONTEXT=kind-kind-cluster cargo test --test cluster -- --ignored --test-threads=1 --skip another_real --skip hibernated

# Benchmarks
bench:
    cargo bench

# All of CI, from nothing
ci:
    bash .ci/run
