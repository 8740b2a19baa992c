// Where the memory begins that callers may divide among states, planes and results (WebAssembly only).
#include "simd.h"

#if defined(__wasm__)
extern uint8_t __heap_base;
EXPORT(heap_start) uint8_t* heap_start(void) { return &__heap_base; }
#endif
