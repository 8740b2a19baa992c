// The few 128-bit operations that the kernels are written in: WebAssembly SIMD, or SSSE3 for the native library.
// Signed names work on eight 16-bit lanes, names with u8 on sixteen bytes.
#ifndef UPRES_SIMD_H
#define UPRES_SIMD_H

#include <stdint.h>

#if defined(__wasm_simd128__)

#include <wasm_simd128.h>
typedef v128_t vec;
#define v_load(p) wasm_v128_load(p)
#define v_store(p, a) wasm_v128_store(p, a)
#define v_store_low(p, a) wasm_v128_store64_lane(p, a, 0)
#define v_store_quarter(p, a) wasm_v128_store32_lane(p, a, 0)
#define v_zero() wasm_i64x2_const(0, 0)
#define v_or(a, b) wasm_v128_or(a, b)
#define v_and(a, b) wasm_v128_and(a, b)
#define v_avg_u8(a, b) wasm_u8x16_avgr(a, b)
#define v_abs_difference_u8(a, b) wasm_v128_or(wasm_u8x16_sub_sat(a, b), wasm_u8x16_sub_sat(b, a))
/** Eight bytes at `p` as eight 16-bit lanes. */
#define v_load_u8(p) wasm_u16x8_load8x8(p)
/** Eight bytes at `p` and eight zeros. */
#define v_load_8_bytes(p) wasm_v128_load64_zero(p)
#define v_set(x) wasm_i16x8_splat(x)
#define v_add(a, b) wasm_i16x8_add(a, b)
#define v_sub(a, b) wasm_i16x8_sub(a, b)
#define v_mul(a, b) wasm_i16x8_mul(a, b)
#define v_min(a, b) wasm_i16x8_min(a, b)
#define v_max(a, b) wasm_i16x8_max(a, b)
#define v_abs(a) wasm_i16x8_abs(a)
#define v_shift_left(a, n) wasm_i16x8_shl(a, n)
#define v_shift_right(a, n) wasm_i16x8_shr(a, n)
#define v_avg_u16(a, b) wasm_u16x8_avgr(a, b)
/** The rounded product of two fractions of 32768. */
#define v_mul_fraction(a, b) wasm_i16x8_q15mulr_sat(a, b)
/** Sixteen bytes from two times eight lanes, clamped. */
#define v_pack_u8(a, b) wasm_u8x16_narrow_i16x8(a, b)
/** Sums of neighbouring bytes, as lanes. */
#define v_pair_sums_u8(a) wasm_u16x8_extadd_pairwise_u8x16(a)

/** Sum of absolute byte differences so far: a vector accumulator of any layout. */
#define v_sad_add(sum, a, b) wasm_i16x8_add(sum, wasm_u16x8_extadd_pairwise_u8x16(v_abs_difference_u8(a, b)))
static inline int v_sad_total(vec sum) {
  vec s = wasm_u32x4_extadd_pairwise_u16x8(sum);
  s = wasm_i32x4_add(s, wasm_i32x4_shuffle(s, s, 2, 3, 0, 1));
  return wasm_i32x4_extract_lane(s, 0) + wasm_i32x4_extract_lane(s, 1);
}

#elif defined(__SSSE3__)

#include <tmmintrin.h>
typedef __m128i vec;
#define v_load(p) _mm_loadu_si128((const __m128i*)(p))
#define v_store(p, a) _mm_storeu_si128((__m128i*)(p), a)
#define v_store_low(p, a) _mm_storel_epi64((__m128i*)(p), a)
static inline void v_store_quarter(void* p, vec a) {
  int low = _mm_cvtsi128_si32(a);
  __builtin_memcpy(p, &low, 4);
}
#define v_zero() _mm_setzero_si128()
#define v_or(a, b) _mm_or_si128(a, b)
#define v_and(a, b) _mm_and_si128(a, b)
#define v_avg_u8(a, b) _mm_avg_epu8(a, b)
#define v_abs_difference_u8(a, b) _mm_or_si128(_mm_subs_epu8(a, b), _mm_subs_epu8(b, a))
#define v_load_u8(p) _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i*)(p)), _mm_setzero_si128())
#define v_load_8_bytes(p) _mm_loadl_epi64((const __m128i*)(p))
#define v_set(x) _mm_set1_epi16((short)(x))
#define v_add(a, b) _mm_add_epi16(a, b)
#define v_sub(a, b) _mm_sub_epi16(a, b)
#define v_mul(a, b) _mm_mullo_epi16(a, b)
#define v_min(a, b) _mm_min_epi16(a, b)
#define v_max(a, b) _mm_max_epi16(a, b)
#define v_abs(a) _mm_abs_epi16(a)
#define v_shift_left(a, n) _mm_slli_epi16(a, n)
#define v_shift_right(a, n) _mm_srai_epi16(a, n)
#define v_avg_u16(a, b) _mm_avg_epu16(a, b)
#define v_mul_fraction(a, b) _mm_mulhrs_epi16(a, b)
#define v_pack_u8(a, b) _mm_packus_epi16(a, b)
#define v_pair_sums_u8(a) _mm_maddubs_epi16(a, _mm_set1_epi8(1))

#define v_sad_add(sum, a, b) _mm_add_epi64(sum, _mm_sad_epu8(a, b))
static inline int v_sad_total(vec sum) {
  return _mm_cvtsi128_si32(sum) + _mm_cvtsi128_si32(_mm_srli_si128(sum, 8));
}

#else
#error "The kernels need WebAssembly SIMD or SSSE3."
#endif

#if defined(__wasm__)
#define EXPORT(name) __attribute__((export_name(#name)))
#else
#define EXPORT(name) __attribute__((visibility("default")))
#endif

// For code that would otherwise be repeated many times.
#define NOINLINE __attribute__((noinline))

static inline int min_of(int a, int b) { return a < b ? a : b; }
static inline int max_of(int a, int b) { return a > b ? a : b; }
static inline int clamp(int x, int low, int high) { return x < low ? low : x > high ? high : x; }
static inline int magnitude(int x) { return x < 0 ? -x : x; }

#endif
