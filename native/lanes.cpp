// Many cells of a column side by side: which of them are surely right in the plainest form of their type. No loop over
// them has a branch, so that the compiler makes vector code of it.
#include "scan.h"

#include <cmath>

namespace opendata {
namespace {

constexpr uint64_t EARLY = read_text("0000-00-"), LATE = read_text("00-00-00"), TIME = read_text("00:00:00");

// What may be added to the bytes of a word less its form: a digit stays below sixteen, of a sign nothing is left.
constexpr uint64_t find_slack(uint64_t form) {
  uint64_t slack = 0;
  for (int at = 0; at < 64; at += 8) slack |= uint64_t((form >> at & 0xFF) == '0' ? 6 : 15) << at;
  return slack;
}

// Not nought if in a word less its form a byte isn't what the form has there: a digit, or the sign itself.
INLINE uint64_t find_others(uint64_t rest, uint64_t form = repeat('0')) {
  return (rest | (rest + find_slack(form))) & repeat(0xF0);
}

// Eight digits as a number, the first in the lowest byte.
INLINE uint64_t join(uint64_t digits) {
  digits = digits * (10 * 0x100 + 1) >> 8;
  digits = (digits & 0x00FF00FF00FF00FFULL) * (100 * 0x10000 + 1) >> 16;
  return (digits & 0x0000FFFF0000FFFFULL) * (10000 * 0x100000000ULL + 1) >> 32;
}

INLINE uint64_t read_pair(uint64_t word, int place) {
  return (word >> 8 * place & 15) * 10 + (word >> 8 * (place + 1) & 15);
}

// One to eight bytes, moved to the end of a word.
INLINE uint64_t move_up(uint64_t word, uint64_t size) { return word << ((64 - 8 * size) & 63); }

struct Bounds {
  int64_t least, most;
  explicit Bounds(const Column& column) {  // no value here is near 2^62
    least = column.has_min ? (column.whole_min > FAR ? FAR : column.whole_min) + column.min_excluded : -FAR;
    most = column.has_max ? (column.whole_max < -FAR ? -FAR : column.whole_max) - column.max_excluded : FAR;
  }
  INLINE uint64_t hold(uint64_t value) const { return (int64_t(value) >= least) & (int64_t(value) <= most); }

 private:
  static constexpr int64_t FAR = int64_t(1) << 62;
};

// 0 or [1-9][0-9]{0,7}; a year has four digits, whichever.
template <bool IS_YEAR>
INLINE void prove_whole(const Column& column, Lanes& lanes, uint64_t (&sure)[LANES]) {
  const Bounds bounds(column);
  for (size_t i = 0; i < LANES; i++) {
    const uint64_t size = lanes.sizes[i], word = lanes.words[i], digits = move_up(word ^ repeat('0'), size);
    const uint64_t value = join(digits), others = find_others(digits);
    const uint64_t fits = IS_YEAR ? size == 4 : (size - 1 < 8) & ((size == 1) | ((word & 0xFF) != '0'));
    lanes.whole[i] = int64_t(value);
    sure[i] = (others == 0) & fits & bounds.hold(value);
  }
}

// -?(0|[1-9][0-9]*)(\.[0-9]+)? of up to eight bytes.
INLINE void prove_real(const Column& column, Lanes& lanes, uint64_t (&sure)[LANES]) {
  int64_t values[LANES], places[LANES];
  for (size_t i = 0; i < LANES; i++) {
    const uint64_t given = lanes.words[i], is_negative = (given & 0xFF) == '-';
    const uint64_t size = lanes.sizes[i] - is_negative, beyond = (64 - 8 * size) & 63;
    const uint64_t word = (is_negative ? given >> 8 : given) << beyond >> beyond, signs = word ^ repeat('.');
    const uint64_t point = (signs - repeat(1)) & ~signs & repeat(0x80);  // the lowest bit is right
    const uint64_t before = ((point & (0 - point)) >> 7) - 1;  // the bytes before the point; all, if there is none
    const uint64_t has_point = point != 0, whole = has_point ? (before & repeat(1)) * repeat(1) >> 56 : size;
    const uint64_t digits = move_up(((word & before) | (word >> 8 & ~before)) ^ repeat('0'), size - has_point);
    const uint64_t decimals = size - has_point - whole;
    values[i] = int64_t(is_negative ? 0 - join(digits) : join(digits));
    places[i] = int64_t(decimals & 7);
    sure[i] = (find_others(digits) == 0) & (lanes.sizes[i] - 1 < 8) & (size != 0) & (whole != 0) &
              (has_point == (decimals != 0)) & ((whole == 1) | ((word & 0xFF) != '0')) &
              ((is_negative == 0) | (values[i] != 0));
  }
  const double least = column.min_excluded ? std::nextafter(column.real_min, HUGE_VAL) : column.real_min;
  const double most = column.max_excluded ? std::nextafter(column.real_max, -HUGE_VAL) : column.real_max;
  const double low = column.has_min ? least : -HUGE_VAL, high = column.has_max ? most : HUGE_VAL;
  for (size_t i = 0; i < LANES; i++) lanes.real[i] = double(values[i]) / TEN[places[i]];
  for (size_t i = 0; i < LANES; i++) sure[i] &= uint64_t(lanes.real[i] >= low) & uint64_t(lanes.real[i] <= high);
}

// YYYY-MM-DD, a day that there is, from the year 1 on; as a number YYYYMMDD.
INLINE uint64_t prove_day(uint64_t early, uint64_t late, uint64_t& number) {
  const uint64_t century = read_pair(early, 0), year = read_pair(late, 0);
  const uint64_t month = read_pair(late, 3), day = read_pair(late, 6);
  const uint64_t leaps = ((year & 3) == 0) & ((year != 0) | ((century & 3) == 0));
  const uint64_t most = month == 2 ? 28 + leaps : 30 + ((month ^ month >> 3) & 1);
  number = (century * 100 + year) * 10000 + month * 100 + day;
  return ((find_others(early ^ EARLY, EARLY) | find_others(late ^ LATE, LATE)) == 0) & (century + year != 0) &
         (month - 1 < 12) & (day - 1 < most);
}

INLINE void prove_days(const Column& column, Lanes& lanes, uint64_t (&sure)[LANES]) {
  const Bounds bounds(column);
  uint64_t late[LANES];
  for (size_t i = 0; i < LANES; i++) late[i] = load(lanes.cells[i].bytes + 2);
  for (size_t i = 0; i < LANES; i++) {
    uint64_t number;
    sure[i] = prove_day(lanes.words[i], late[i], number) & (lanes.sizes[i] == 10) & bounds.hold(number);
    lanes.whole[i] = int64_t(number);
  }
}

// A day, T or a space, hh:mm:ss; not on the first day of all.
INLINE void prove_moments(Lanes& lanes, uint64_t (&sure)[LANES]) {
  uint64_t late[LANES], middle[LANES], time[LANES];
  for (size_t i = 0; i < LANES; i++) {
    late[i] = load(lanes.cells[i].bytes + 2);
    middle[i] = lanes.cells[i].bytes[10];
    time[i] = load(lanes.cells[i].bytes + 11);
  }
  uint32_t spaced = 0;
  for (size_t i = 0; i < LANES; i++) {
    uint64_t number;
    const uint64_t hour = read_pair(time[i], 0), minute = read_pair(time[i], 3), second = read_pair(time[i], 6);
    sure[i] = prove_day(lanes.words[i], late[i], number) & (lanes.sizes[i] == 19) & (number > 10101) &
              ((middle[i] == 'T') | (middle[i] == ' ')) & (find_others(time[i] ^ TIME, TIME) == 0) & (hour < 24) &
              (minute < 60) & (second < 60);
    lanes.whole[i] = int64_t(number);
    lanes.seconds[i] = int64_t((hour * 60 + minute) * 60 + second);
  }
  for (size_t i = 0; i < LANES; i++) spaced |= uint32_t(middle[i] == ' ') << i;
  lanes.spaced = spaced;
}

INLINE void prove_flags(Lanes& lanes, uint64_t (&sure)[LANES]) {
  for (size_t i = 0; i < LANES; i++) {
    const uint64_t size = lanes.sizes[i], word = move_up(lanes.words[i], size);
    const uint64_t is_true = (size == 4) & (word == read_text("\0\0\0\0true"));
    sure[i] = is_true | ((size == 5) & (word == read_text("\0\0\0false")));
    lanes.whole[i] = int64_t(is_true);
  }
}

// Texts whose length in bytes is enough and not too much, whatever characters they are, and that surely don't begin with
// white space if that matters: all that is beyond ASCII begins with C2, E1, E2 or E3.
INLINE void prove_texts(const Column& column, Lanes& lanes, uint64_t (&sure)[LANES]) {
  const uint64_t least = column.min_length > 0 ? uint64_t(column.min_length) * 4 : 0;
  const uint64_t most = column.max_length < 0 ? ~uint64_t(0) : uint64_t(column.max_length);
  for (size_t i = 0; i < LANES; i++) sure[i] = (lanes.sizes[i] >= least) & (lanes.sizes[i] <= most);
  if (!column.trims) return;
  for (size_t i = 0; i < LANES; i++) {
    const uint64_t first = lanes.words[i] & 0xFF;
    sure[i] &= (lanes.sizes[i] != 0) & (((first > ' ') & (first < 0x7F)) | (first > 0xE3));
  }
}

INLINE uint32_t prove_any(const Column& column, Lanes& lanes) {
  uint64_t sure[LANES];
  const int kind = column.kind;
  if (kind == TEXT) prove_texts(column, lanes, sure);
  else if (kind == INTEGER) prove_whole<false>(column, lanes, sure);
  else if (kind == YEAR) prove_whole<true>(column, lanes, sure);
  else if (kind == NUMBER) prove_real(column, lanes, sure);
  else if (kind == DATE) prove_days(column, lanes, sure);
  else if (kind == DATETIME) prove_moments(lanes, sure);
  else if (kind == BOOLEAN) prove_flags(lanes, sure);
  else return 0;
  uint32_t found = 0, nulls = 0;
  for (size_t i = 0; i < LANES; i++) found |= uint32_t(sure[i]) << i;
  for (size_t i = 0; i < LANES; i++)
    nulls |= uint32_t(column.null_sizes >> (lanes.sizes[i] < 63 ? lanes.sizes[i] : 63) & 1) << i;
  lanes.nulls = nulls;
  return found;
}

#define PROVE(TARGET, WIDTH) \
  TARGET uint32_t prove_##WIDTH(const Column& column, Lanes& lanes) { return prove_any(column, lanes); }
FOR_ALL_WIDTHS(PROVE)

Width find_width() {
#ifdef OPENDATA_X86
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("bmi2"))
    return WIDEST;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) return WIDE;
#endif
  return PLAIN;
}

}  // namespace

Width get_width() {
  static const Width found = find_width();
  return found;
}

uint32_t prove(const Column& column, Lanes& lanes) {
  static const auto chosen = CHOOSE(prove);
  return chosen(column, lanes);
}

}  // namespace opendata
