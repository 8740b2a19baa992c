#!/bin/sh
# Builds src/kernels/kernels.wasm from all C files here, and records what it was built from (needs clang and wasm-ld).
set -eu
export LC_ALL=C # the order of files
cd "$(dirname "$0")"
clang --target=wasm32 -std=c11 -O3 -msimd128 -mbulk-memory -nostdlib -Wall -Wextra -Wno-unused-function \
  -Wl,--no-entry -Wl,--strip-all -Wl,-z,stack-size=65536 \
  -o ../src/kernels/kernels.wasm ./*.c
cat ./*.c ./*.h | sha256sum | cut -d " " -f 1 > ../src/kernels/kernels.sources.sha256
wc -c ../src/kernels/kernels.wasm
