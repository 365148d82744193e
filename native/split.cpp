// Where the cells of a block end: 64 bytes at once, as bits.
#include "scan.h"

#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
#define OPENDATA_AVX2 1
#include <immintrin.h>
#endif

namespace opendata {
namespace {

// One bit for each of 64 bytes that is what the name says.
struct Bits {
  uint64_t delimiter, line, quote, carriage, nul;
};

inline Bits look_plainly(const uint8_t* bytes, uint8_t delimiter) {
  Bits found = {0, 0, 0, 0, 0};
  for (int i = 0; i < 64; i++) {
    const uint8_t byte = bytes[i];
    found.delimiter |= uint64_t(byte == delimiter) << i;
    found.line |= uint64_t(byte == '\n') << i;
    found.quote |= uint64_t(byte == '"') << i;
    found.carriage |= uint64_t(byte == '\r') << i;
    found.nul |= uint64_t(byte == 0) << i;
  }
  return found;
}

// The bits from each quotation mark up to the next, the first included.
inline uint64_t spread(uint64_t quotes) {
  for (int step = 1; step < 64; step *= 2) quotes ^= quotes << step;
  return quotes;
}

struct Walk {
  Places& found;
  uint64_t inside = 0, quotes = 0, carriages = 0, nuls = 0;

  inline void take(const Bits& bits, size_t at, bool has_quotes) {
    uint64_t ends = bits.delimiter | bits.line;
    quotes |= bits.quote;
    carriages |= bits.carriage;
    nuls |= bits.nul;
    if (has_quotes && (bits.quote | inside)) {
      const uint64_t within = spread(bits.quote) ^ inside;
      inside = uint64_t(int64_t(within) >> 63);
      ends &= ~within;
    }
    if (found.count + 64 > found.ends.size()) found.ends.resize(found.ends.size() * 2 + 1024);
    uint32_t* out = found.ends.data();
    while (ends) {
      out[found.count++] = uint32_t(at + __builtin_ctzll(ends));
      ends &= ends - 1;
    }
  }

  void end() {
    found.quoted = quotes != 0;
    found.returns = carriages != 0;
    found.nul = nuls != 0;
    found.open = inside != 0;
  }
};

// The last bytes of a block, filled up with spaces.
struct Tail {
  alignas(32) uint8_t bytes[64];
  Tail(const uint8_t* from, size_t size) {
    memset(bytes, ' ', sizeof bytes);
    if (size) memcpy(bytes, from, size);
  }
};

void find_plainly(const uint8_t* block, size_t size, uint8_t delimiter, bool has_quotes, Places& found) {
  Walk walk{found};
  size_t at = 0;
  for (; at + 64 <= size; at += 64) walk.take(look_plainly(block + at, delimiter), at, has_quotes);
  const Tail tail(block + at, size - at);
  if (at < size) walk.take(look_plainly(tail.bytes, delimiter), at, has_quotes);
  walk.end();
}

#ifdef OPENDATA_AVX2
__attribute__((target("avx2"))) inline uint64_t find_equal(__m256i low, __m256i high, __m256i wanted) {
  const uint32_t first = uint32_t(_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted)));
  const uint32_t second = uint32_t(_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted)));
  return first | uint64_t(second) << 32;
}

__attribute__((target("avx2"))) inline Bits look_wide(const uint8_t* bytes, uint8_t delimiter) {
  const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
  const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes + 32));
  return {
      find_equal(low, high, _mm256_set1_epi8(char(delimiter))), find_equal(low, high, _mm256_set1_epi8('\n')),
      find_equal(low, high, _mm256_set1_epi8('"')),             find_equal(low, high, _mm256_set1_epi8('\r')),
      find_equal(low, high, _mm256_setzero_si256()),
  };
}

__attribute__((target("avx2"))) void find_wide(const uint8_t* block, size_t size, uint8_t delimiter, bool has_quotes,
                                               Places& found) {
  Walk walk{found};
  size_t at = 0;
  for (; at + 64 <= size; at += 64) walk.take(look_wide(block + at, delimiter), at, has_quotes);
  const Tail tail(block + at, size - at);
  if (at < size) walk.take(look_wide(tail.bytes, delimiter), at, has_quotes);
  walk.end();
}
#endif

}  // namespace

void find_ends(const uint8_t* block, size_t size, uint8_t delimiter, bool has_quotes, Places& found) {
  found.count = 0;
#ifdef OPENDATA_AVX2
  static const bool is_wide = __builtin_cpu_supports("avx2");
  if (is_wide) return find_wide(block, size, delimiter, has_quotes, found);
#endif
  find_plainly(block, size, delimiter, has_quotes, found);
}

}  // namespace opendata
