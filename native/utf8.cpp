// Whether bytes are UTF-8 (RFC 3629): each is held against the three before it, in a loop that the compiler makes vector
// code of.
#include "scan.h"

namespace opendata {
namespace {

constexpr size_t STEP = 256, BEFORE = 3;

// 1 if a byte that follows others in a character isn't where one is asked for, or is where none is; `at` has three before it.
INLINE uint8_t find_misplaced(const uint8_t* at) {
  const uint8_t follows = (at[0] & 0xC0) == 0x80;
  const uint8_t is_asked = uint8_t(at[-1] >= 0xC0) | uint8_t(at[-2] >= 0xE0) | uint8_t(at[-3] >= 0xF0);
  return follows ^ is_asked;
}

// 1 for a first byte that is always wrong, or that not all following bytes may come after.
INLINE uint8_t find_special(uint8_t byte) {
  return uint8_t((byte & 0xFE) == 0xC0) | uint8_t(byte == 0xE0) | uint8_t(byte == 0xED) | uint8_t(byte >= 0xF0);
}

INLINE uint8_t find_wrong_pair(uint8_t first, uint8_t byte) {
  return uint8_t((byte & 0xFE) == 0xC0) | uint8_t(byte >= 0xF5) |
         (uint8_t(first == 0xE0) & uint8_t(byte < 0xA0)) |   // could be shorter, as could those of C0 and C1
         (uint8_t(first == 0xED) & uint8_t(byte >= 0xA0)) |  // half a surrogate pair
         (uint8_t(first == 0xF0) & uint8_t(byte < 0x90)) |   // could be shorter
         (uint8_t(first == 0xF4) & uint8_t(byte >= 0x90));   // beyond the last character
}

// `STEP` bytes, with those before them.
INLINE bool is_right(const uint8_t* at) {
  uint8_t all = at[-1] | at[-2] | at[-3], faults = 0, special = find_special(at[-1]);
  for (size_t i = 0; i < STEP; i++) all |= at[i];
  if (all < 0x80) return true;
  for (size_t i = 0; i < STEP; i++) faults |= find_misplaced(at + i);
  for (size_t i = 0; i < STEP; i++) special |= find_special(at[i]);
  if (special)
    for (size_t i = 0; i < STEP; i++) faults |= find_wrong_pair(at[i - 1], at[i]);
  return !faults;
}

INLINE bool is_right_throughout(const uint8_t* block, size_t size) {
  uint8_t edge[BEFORE + STEP + STEP] = {};  // the first bytes, and the last with what is before and after them
  const size_t begun = size < STEP ? size : STEP;
  if (begun) memcpy(edge + BEFORE, block, begun);
  if (!is_right(edge + BEFORE)) return false;
  size_t at = begun;
  for (; at + STEP <= size; at += STEP)
    if (!is_right(block + at)) return false;
  memset(edge, 0, sizeof edge);
  const size_t kept = at < BEFORE ? at : BEFORE;
  if (size) memcpy(edge + BEFORE - kept, block + at - kept, size - at + kept);
  return is_right(edge + BEFORE);
}

#define IS_RIGHT(TARGET, WIDTH) \
  TARGET bool is_right_##WIDTH(const uint8_t* block, size_t size) { return is_right_throughout(block, size); }
FOR_ALL_WIDTHS(IS_RIGHT)

}  // namespace

bool is_utf8(const uint8_t* block, size_t size) {
  static const auto chosen = CHOOSE(is_right);
  return chosen(block, size);
}

}  // namespace opendata
