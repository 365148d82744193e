// Whether bytes are UTF-8 (RFC 3629): eight at once where they are ASCII, else character by character.
#include "scan.h"

#include <cstring>

namespace opendata {
namespace {

inline bool follows(uint8_t byte) { return (byte & 0xC0) == 0x80; }

// The size of the character that begins here; 0 if none does.
inline size_t measure(const uint8_t* at, size_t left) {
  const uint8_t first = at[0];
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  if (first < 0xE0) return left >= 2 && follows(at[1]) ? 2 : 0;
  if (first < 0xF0) {
    if (left < 3 || !follows(at[1]) || !follows(at[2])) return 0;
    if (first == 0xE0 && at[1] < 0xA0) return 0;   // could be shorter
    if (first == 0xED && at[1] >= 0xA0) return 0;  // half a surrogate pair
    return 3;
  }
  if (left < 4 || !follows(at[1]) || !follows(at[2]) || !follows(at[3])) return 0;
  if (first == 0xF0 && at[1] < 0x90) return 0;
  if (first == 0xF4 && at[1] >= 0x90) return 0;  // beyond the last character
  return 4;
}

}  // namespace

bool is_utf8(const uint8_t* block, size_t size) {
  size_t at = 0;
  while (at < size) {
    uint64_t word[2];
    while (at + sizeof word <= size) {
      memcpy(word, block + at, sizeof word);
      if ((word[0] | word[1]) & 0x8080808080808080ULL) break;
      at += sizeof word;
    }
    // Up to the end of what isn't ASCII: there are many such characters in a row, or few in all.
    size_t plain = 0;
    while (at < size && plain < sizeof word) {
      const size_t taken = measure(block + at, size - at);
      if (!taken) return false;
      plain = taken == 1 ? plain + 1 : 0;
      at += taken;
    }
  }
  return true;
}

}  // namespace opendata
