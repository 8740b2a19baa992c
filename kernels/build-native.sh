#!/bin/sh
# Builds the same kernels as a native library for Python (ctypes): build-native.sh [OUTPUT.so]
set -eu
cd "$(dirname "$0")"
output=${1:-/tmp/upres-kernels.so}
${CC:-cc} -std=c11 -O3 -mssse3 -shared -fPIC -fvisibility=hidden -Wall -Wextra -Wno-unused-function -o "$output" ./*.c
echo "$output"
