# guide with what a book's steps usually call. How to use it: docs/image.md.
#
#   docker build --tag guide .
#   docker run --rm --volume "$PWD:/book" guide check

# A static program: Alpine's compiler links with musl.
FROM rust:1.95-alpine AS build
RUN apk add --no-cache build-base
WORKDIR /source
COPY Cargo.toml Cargo.lock README.md ./
COPY src src
COPY benches benches
COPY examples examples
COPY templates templates
# The toolchain of the image, not the one that rust-toolchain.toml would have rustup fetch: they are the same.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/source/target \
    cargo build --release --locked && install -D target/release/guide /out/guide

FROM registry.k8s.io/kubectl:v1.35.0 AS kubectl

FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends bash ca-certificates curl docker-cli git jq tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 guide \
    # The book is the user's folder, mounted with the user's owner.
    && git config --system --add safe.directory '*'
COPY --from=kubectl /bin/kubectl /usr/local/bin/kubectl
COPY --from=build /out/guide /usr/local/bin/guide
COPY LICENSE-MIT LICENSE-APACHE /usr/share/doc/guide/
USER guide
WORKDIR /book
# tini passes signals on, so that Ctrl-C ends a run as it does without a container, and takes up processes that a step leaves.
ENTRYPOINT ["tini", "--", "guide"]
CMD ["--help"]
