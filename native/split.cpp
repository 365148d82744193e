// Where the cells of a block end, and whether a text in it may be odd: 64 bytes at once, as bits.
#include "scan.h"

#include <algorithm>
#include <cstring>

#ifdef OPENDATA_X86
#include <immintrin.h>
#endif

namespace opendata {
namespace {

constexpr uint64_t TOP = uint64_t(1) << 63;

// One bit for each of 64 bytes that is what the name says.
struct Bits {
  uint64_t delimiter, line, quote, carriage, nul, sign;
};

// What is equal to a byte, given by IS, as bits; and of the signs without which no text is odd (`odd_texts` has them) a
// byte, where the one beside it isn't another one, as far as these 64 tell.
#define COLLECT(IS)                                                                                                \
  {IS(delimiter), IS('\n'), IS('"'), IS('\r'), IS(0),                                                              \
   IS('=') | IS('+') | IS(0xC3) | (delimiter == '\t' ? 0 : IS('\t')) | (IS(0xEF) & before(IS(0xBB) | IS(0xBF))) |   \
       (IS(0x9F) & after(IS(0x94))) | (IS(0xAB) & after(IS(0x83)))}

inline uint64_t before(uint64_t bits) { return bits >> 1 | TOP; }
inline uint64_t after(uint64_t bits) { return bits << 1 | 1; }

inline uint64_t find_equal(const uint8_t* bytes, uint8_t wanted) {
  uint64_t found = 0;
  for (int i = 0; i < 64; i += 8) {
    const uint64_t others = load(bytes + i) ^ repeat(wanted);
    const uint64_t equal = ~(((others & repeat(0x7F)) + repeat(0x7F)) | others) >> 7 & repeat(1);
    found |= (equal * 0x0102040810204080ULL >> 56) << i;  // the lowest bit of each byte
  }
  return found;
}

inline Bits look_plainly(const uint8_t* bytes, uint8_t delimiter) {
#define IS(BYTE) find_equal(bytes, BYTE)
  return COLLECT(IS);
#undef IS
}

#ifdef OPENDATA_X86
TARGET_WIDE inline Bits look_wide(const uint8_t* bytes, uint8_t delimiter) {
  const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
  const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes + 32));
#define HALF(PART, BYTE) uint32_t(_mm256_movemask_epi8(_mm256_cmpeq_epi8(PART, _mm256_set1_epi8(char(BYTE)))))
#define IS(BYTE) (HALF(low, BYTE) | uint64_t(HALF(high, BYTE)) << 32)
  return COLLECT(IS);
#undef IS
}

TARGET_WIDEST inline Bits look_widest(const uint8_t* bytes, uint8_t delimiter) {
  const __m512i all = _mm512_loadu_si512(bytes);
#define IS(BYTE) _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8(char(BYTE)))
  return COLLECT(IS);
#undef IS
}
#endif

// The bits from each quotation mark up to the next, the first included.
inline uint64_t spread(uint64_t quotes) {
  for (int step = 1; step < 64; step *= 2) quotes ^= quotes << step;
  return quotes;
}

// Whether a sign of an odd text is around the byte at a place.
bool is_sign(const uint8_t* block, size_t size, size_t at) {
  auto stands = [&](size_t from, const char* text) {
    const size_t length = strlen(text);
    return from + length <= size && !memcmp(block + from, text, length);
  };
  switch (block[at]) {
    case '\t':
      return true;
    case '=':
      return stands(at, "=\"");
    case '+':
      return at && (block[at - 1] == 'E' || block[at - 1] == 'e');
    case 0xEF:
      return stands(at, "\xEF\xBB\xBF") || stands(at, "\xEF\xBF\xBD");
    case 0xC3:
      for (const char* sign : {"\xC3\x82", "\xC3\x83", "\xC3\xA2\xE2", "\xC3\xA4\xC2", "\xC3\xA5\xC5", "\xC3\xAF\xC2"})
        if (stands(at, sign)) return true;
      return false;
    case 0x9F:
      return at >= 2 && stands(at - 2, "锟斤拷");
    default:
      return at >= 2 && stands(at - 2, "烫烫烫");
  }
}

struct Walk {
  const uint8_t* block;
  size_t size;
  uint8_t delimiter;
  Places& found;
  uint64_t inside = 0, quotes = 0, nuls = 0;

  INLINE void take(const Bits& bits, size_t at, bool has_quotes) {
    uint64_t ends = bits.delimiter | bits.line;
    quotes |= bits.quote;
    nuls |= bits.nul;
    if (bits.carriage) found.returns += size_t(__builtin_popcountll(bits.carriage));
    if (bits.sign && !found.odd)
      for (uint64_t signs = bits.sign; signs && !found.odd; signs &= signs - 1)
        found.odd = is_sign(block, size, at + size_t(__builtin_ctzll(signs)));
    if (has_quotes && (bits.quote | inside)) {
      const uint64_t within = spread(bits.quote) ^ inside;
      inside = uint64_t(int64_t(within) >> 63);
      ends &= ~within;
    }
    found.lines += size_t(__builtin_popcountll(ends & bits.line));
    if (found.count + 73 > found.ends.size()) found.ends.resize(found.ends.size() * 2 + 1024);
    // Eight at once, also where there are fewer: what is written beyond the last is written over.
    uint32_t* out = found.ends.data() + 1 + found.count;
    found.count += size_t(__builtin_popcountll(ends));
    while (ends) {
      for (int i = 0; i < 8; i++) {
        out[i] = uint32_t(at) + uint32_t(__builtin_ctzll(ends | TOP));
        ends &= ends - 1;
      }
      out += 8;
    }
  }

  void end() {
    found.quoted = quotes != 0;
    found.nul = nuls != 0;
    found.open = inside != 0;
    found.odd |= found.quoted && delimiter == '\t';
  }
};

template <Bits (*LOOK)(const uint8_t*, uint8_t)>
INLINE void find(const uint8_t* block, size_t size, uint8_t delimiter, bool has_quotes, Places& found) {
  Walk walk{block, size, delimiter, found};
  uint8_t tail[64];
  for (size_t at = 0; at < size; at += 64) {
    const uint8_t* bytes = block + at;
    if (size - at < 64) {
      memset(tail, ' ', sizeof tail);
      memcpy(tail, bytes, size - at);
      bytes = tail;
    }
    walk.take(LOOK(bytes, delimiter), at, has_quotes);
  }
  walk.end();
}

#define FIND(TARGET, WIDTH)                                                                                      \
  TARGET void find_##WIDTH(const uint8_t* block, size_t size, uint8_t delimiter, bool has_quotes, Places& found) { \
    find<look_##WIDTH>(block, size, delimiter, has_quotes, found);                                               \
  }
FOR_ALL_WIDTHS(FIND)

}  // namespace

bool is_count_odd(const uint8_t* block, size_t size, uint8_t wanted) {
  uint8_t found = 0;
  for (size_t i = 0; i < size; i++) found ^= uint8_t(block[i] == wanted);
  return found;
}

void find_ends(const uint8_t* block, size_t size, uint8_t delimiter, bool has_quotes, Places& found) {
  found.count = found.lines = found.returns = 0;
  found.odd = false;
  found.ends.resize(std::max<size_t>(found.ends.size(), 1));
  found.ends[0] = UINT32_MAX;  // one more is the place of the first cell
  static const auto chosen = CHOOSE(find);
  chosen(block, size, delimiter, has_quotes, found);
}

}  // namespace opendata
