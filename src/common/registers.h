/*
** Vector registers keep what was copied through them last (memcpy, libcurl, TLS), and code that
** saves them writes it to memory: a core file, a signal's frame, the loader as it looks up a
** function. lp_forget_registers clears those that a function may use without saving them: on
** x86-64 all, on 64-bit ARM but the upper halves of v8 to v15 and what SVE adds. Elsewhere it
** does nothing. It clears no general register, which holds eight bytes at most and is used again
** at once.
*/
#ifndef LP_REGISTERS_H
#define LP_REGISTERS_H

#if defined(__x86_64__) && defined(__GNUC__)

#define LP_CLEAR_XMM(n) "pxor %%xmm" #n ", %%xmm" #n "\n\t"
#define LP_CLEAR_ZMM(n) "vpxorq %%zmm" #n ", %%zmm" #n ", %%zmm" #n "\n\t"
#define LP_FOR_16(X, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)                               \
  X(a) X(b) X(c) X(d) X(e) X(f) X(g) X(h) X(i) X(j) X(k) X(l) X(m) X(n) X(o) X(p)
#define LP_CLEAR_LOW LP_FOR_16(LP_CLEAR_XMM, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#define LP_CLEAR_HIGH                                                                              \
  LP_FOR_16(LP_CLEAR_ZMM, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31)
#define LP_LOW                                                                                     \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",         \
      "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
#ifdef __AVX512F__
#define LP_HIGH                                                                                    \
  "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25",        \
      "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31"
#else
#define LP_HIGH "cc" /* the compiler uses none of them */
#endif

static inline void lp_forget_registers (void) {
  if (__builtin_cpu_supports("avx"))
    __asm__ volatile("vzeroall" : : : LP_LOW);
  else
    __asm__ volatile(LP_CLEAR_LOW : : : LP_LOW);
  if (__builtin_cpu_supports("avx512f")) __asm__ volatile(LP_CLEAR_HIGH : : : LP_HIGH);
}

#elif defined(__aarch64__) && defined(__GNUC__)

static inline void lp_forget_registers (void) {
  __asm__ volatile(
      "movi v0.16b, #0\n\tmovi v1.16b, #0\n\tmovi v2.16b, #0\n\tmovi v3.16b, #0\n\t"
      "movi v4.16b, #0\n\tmovi v5.16b, #0\n\tmovi v6.16b, #0\n\tmovi v7.16b, #0\n\t"
      "movi v16.16b, #0\n\tmovi v17.16b, #0\n\tmovi v18.16b, #0\n\tmovi v19.16b, #0\n\t"
      "movi v20.16b, #0\n\tmovi v21.16b, #0\n\tmovi v22.16b, #0\n\tmovi v23.16b, #0\n\t"
      "movi v24.16b, #0\n\tmovi v25.16b, #0\n\tmovi v26.16b, #0\n\tmovi v27.16b, #0\n\t"
      "movi v28.16b, #0\n\tmovi v29.16b, #0\n\tmovi v30.16b, #0\n\tmovi v31.16b, #0"
      :
      :
      : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18", "v19", "v20", "v21",
        "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
}

#else

static inline void lp_forget_registers (void) {
}

#endif

#endif
