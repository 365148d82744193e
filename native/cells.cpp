// Cells under the strict sub-language of their type: what isn't certainly right here is a doubt, never an error.
#include "scan.h"

#include <charconv>
#include <cstring>

namespace opendata {
namespace {

constexpr size_t DOUBLE_DIGITS = 15;  // a double keeps every number of up to this many digits
constexpr double TEN[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
constexpr uint8_t MONTHS[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

inline bool is_digit(uint8_t byte) { return uint8_t(byte - '0') < 10; }
inline void set(uint8_t* bits, size_t place) { bits[place >> 3] |= uint8_t(1u << (place & 7)); }

inline int64_t count_characters(const uint8_t* text, size_t size) {
  int64_t found = 0;
  for (size_t i = 0; i < size; i++) found += (text[i] & 0xC0) != 0x80;
  return found;
}

// Whether a text has a character that is surely no white space. All white space beyond ASCII begins with C2, E1, E2 or
// E3 in UTF-8 (Unicode's White_Space, and what Python strips).
inline bool has_ink(const uint8_t* text, size_t size) {
  for (size_t i = 0; i < size; i++) {
    const uint8_t byte = text[i];
    if ((byte > ' ' && byte < 0x7F) || (byte >= 0xC3 && byte != 0xE1 && byte != 0xE2 && byte != 0xE3)) return true;
  }
  return false;
}

// Days since 1970-01-01 in the calendar of Gregory.
inline int32_t count_days(int year, int month, int day) {
  // A year begins in March here, so that a leap day is its last.
  const int shifted = month > 2 ? year : year - 1;
  const int before = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + before - 719468;
}

inline int read_two(const uint8_t* text) { return (text[0] - '0') * 10 + text[1] - '0'; }

// YYYY-MM-DD, of a day that is one, from the year 1 on.
inline bool read_day(const uint8_t* text, int32_t& days) {
  for (int i : {0, 1, 2, 3, 5, 6, 8, 9})
    if (!is_digit(text[i])) return false;
  if (text[4] != '-' || text[7] != '-') return false;
  const int year = read_two(text) * 100 + read_two(text + 2), month = read_two(text + 5), day = read_two(text + 8);
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const bool leaps = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  if (day > MONTHS[month] + (month == 2 && leaps)) return false;
  days = count_days(year, month, day);
  return true;
}

// [+-]?[0-9]{1,18}; `rewritten` if the canonical form differs.
inline bool read_whole(const uint8_t* text, size_t size, int64_t& value, bool& rewritten) {
  const bool is_signed = size && (text[0] == '-' || text[0] == '+');
  const size_t digits = size - is_signed;
  if (digits < 1 || digits > 18) return false;
  int64_t found = 0;
  for (size_t i = is_signed; i < size; i++) {
    if (!is_digit(text[i])) return false;
    found = found * 10 + (text[i] - '0');
  }
  rewritten |= (is_signed && text[0] == '+') || (text[is_signed] == '0' && (digits > 1 || is_signed));
  value = is_signed && text[0] == '-' ? -found : found;
  return true;
}

// -?(0|[1-9][0-9]*)(\.[0-9]+)? of which a double keeps every digit. `is_long`: the double may stand for a decimal beside.
inline bool read_real(const uint8_t* text, size_t size, double& value, bool& is_long) {
  const bool is_negative = size && text[0] == '-';
  size_t at = is_negative;
  const size_t first = at;
  uint64_t digits = 0;
  while (at < size && is_digit(text[at])) digits = digits * 10 + (text[at++] - '0');
  const size_t whole = at - first;
  if (!whole || (whole > 1 && text[first] == '0')) return false;
  size_t decimals = 0;
  if (at < size) {
    if (text[at] != '.') return false;
    const size_t point = at++;
    while (at < size && is_digit(text[at])) digits = digits * 10 + (text[at++] - '0');
    decimals = at - point - 1;
    if (at < size || !decimals) return false;
  }
  is_long = size > DOUBLE_DIGITS;
  if (!is_long) {
    const double found = double(digits) / TEN[decimals];
    value = is_negative ? -found : found;
    return true;
  }
  if (size > 40) return false;
  const char* begin = reinterpret_cast<const char*>(text);
  const auto read = std::from_chars(begin, begin + size, value, std::chars_format::fixed);
  if (read.ec != std::errc() || read.ptr != begin + size) return false;
  char written[400];
  const auto wrote = std::to_chars(written, written + sizeof written, value, std::chars_format::fixed);
  return wrote.ec == std::errc() && size_t(wrote.ptr - written) == size && !memcmp(written, text, size);
}

template <typename Value>
inline bool is_within(const Column& column, Value value, Value least, Value most) {
  if (column.has_min && !(column.min_excluded ? value > least : value >= least)) return false;
  return !(column.has_max && !(column.max_excluded ? value < most : value <= most));
}

struct Value {
  int64_t whole = 0;
  double real = 0;
};

template <int KIND>
inline bool is_right(const Column& column, const uint8_t* text, size_t size, Value& value, Buffers& out) {
  if constexpr (KIND == TEXT) {
    const auto length = int64_t(size);  // a character has one to four bytes
    if (column.max_length >= 0 && length > column.max_length && count_characters(text, size) > column.max_length)
      return false;
    if (column.min_length >= 0 && length < column.min_length * 4 && count_characters(text, size) < column.min_length)
      return false;
    if (column.has_pattern && !column.pattern.matches(text, size)) return false;
  } else if constexpr (KIND == INTEGER) {
    if (!read_whole(text, size, value.whole, out.rewritten)) return false;
    if (!is_within(column, value.whole, column.whole_min, column.whole_max)) return false;
  } else if constexpr (KIND == NUMBER) {
    bool is_long = false;
    if (!read_real(text, size, value.real, is_long)) return false;
    if (!is_within(column, value.real, column.real_min, column.real_max)) return false;
    if (is_long && ((column.has_min && value.real == column.real_min) ||
                    (column.has_max && value.real == column.real_max)))
      return false;
  } else if constexpr (KIND == DATE) {
    int32_t days = 0;
    if (size != 10 || !read_day(text, days)) return false;
    value.whole = days;
    if (!is_within(column, value.whole, column.whole_min, column.whole_max)) return false;
  } else if constexpr (KIND == DATETIME) {
    int32_t days = 0;
    if (size != 19 || !read_day(text, days) || (text[10] != 'T' && text[10] != ' ')) return false;
    for (int i : {11, 12, 14, 15, 17, 18})
      if (!is_digit(text[i])) return false;
    if (text[13] != ':' || text[16] != ':') return false;
    const int hour = read_two(text + 11), minute = read_two(text + 14), second = read_two(text + 17);
    if (hour > 23 || minute > 59 || second > 59) return false;
    if (days < count_days(1, 1, 2)) return false;
    value.whole = ((int64_t(days) * 24 + hour) * 60 + minute) * 60 + second;
    value.whole *= 1000000;
    out.spaced += text[10] == ' ';
  } else if constexpr (KIND == BOOLEAN) {
    value.whole = size == 4 && !memcmp(text, "true", 4);
    if (!value.whole && (size != 5 || memcmp(text, "false", 5))) return false;
  } else if constexpr (KIND == YEAR) {
    if (size != 4) return false;
    for (int i = 0; i < 4; i++)
      if (!is_digit(text[i])) return false;
    value.whole = read_two(text) * 100 + read_two(text + 2);
    if (!is_within(column, value.whole, column.whole_min, column.whole_max)) return false;
  }
  if (column.has_items &&
      !column.allowed.count(std::string_view(reinterpret_cast<const char*>(text), size)))
    return false;
  return !(column.trims && !has_ink(text, size));
}

// A cell's bytes, its quotation marks undone. False if they aren't in the plain form.
inline bool cut(const Rows& rows, size_t row, size_t place, const uint8_t*& text, size_t& size,
                std::vector<uint8_t>& undone) {
  const size_t at = row * rows.width + place;
  const uint32_t begin = at ? rows.ends[at - 1] + 1 : rows.start;
  uint32_t end = rows.ends[at];
  if (rows.returns && place + 1 == rows.width && end > begin && rows.block[end - 1] == '\r') end--;
  text = rows.block + begin;
  size = end - begin;
  if (!rows.quoted) return true;
  if (!size || text[0] != '"') return !size || !memchr(text, '"', size);
  if (size < 2 || text[size - 1] != '"') return false;
  text++;
  size -= 2;
  const uint8_t* const stop = text + size;
  auto next = size ? static_cast<const uint8_t*>(memchr(text, '"', size)) : nullptr;
  if (!next) return true;
  undone.clear();
  const uint8_t* from = text;
  while (next) {
    if (next + 1 >= stop || next[1] != '"') return false;
    undone.insert(undone.end(), from, next + 1);
    from = next + 2;
    next = from < stop ? static_cast<const uint8_t*>(memchr(from, '"', size_t(stop - from))) : nullptr;
  }
  undone.insert(undone.end(), from, stop);
  text = undone.data();
  size = undone.size();
  return true;
}

template <int KIND>
int run(const Column& column, size_t place, const Rows& rows, size_t first, Buffers& out, size_t longest) {
  std::vector<uint8_t> undone;
  for (size_t row = 0; row < rows.count; row++) {
    const uint8_t* text = nullptr;
    size_t size = 0;
    if (!cut(rows, row, place, text, size, undone)) return QUOTES;
    if (size > longest) return LONG;
    const size_t number = first + row;
    if (size) memcpy(out.text + out.used, text, size);
    out.used += size;
    out.offsets[number + 1] = int32_t(out.used);
    if constexpr (KIND == CELLS) continue;
    Value value;
    const bool is_null = column.is_null(text, size);
    const bool is_sure = is_null ? !column.required : is_right<KIND>(column, text, size, value, out);
    out.nulls += is_null;
    if (!is_null) set(out.valid, number);
    if (!is_sure) {
      set(out.doubtful, number);
      out.doubts++;
    }
    if constexpr (KIND == INTEGER || KIND == DATETIME) reinterpret_cast<int64_t*>(out.typed)[number] = value.whole;
    if constexpr (KIND == NUMBER) reinterpret_cast<double*>(out.typed)[number] = value.real;
    if constexpr (KIND == DATE || KIND == YEAR) reinterpret_cast<int32_t*>(out.typed)[number] = int32_t(value.whole);
    if constexpr (KIND == BOOLEAN)
      if (value.whole) set(out.typed, number);
  }
  return FINE;
}

}  // namespace

bool Column::is_null(const uint8_t* text, size_t size) const {
  for (const std::string& null : nulls)
    if (null.size() == size && !memcmp(null.data(), text, size)) return true;
  return false;
}

size_t size_of(int kind) {
  switch (kind) {
    case INTEGER:
    case NUMBER:
    case DATETIME:
      return 8;
    case DATE:
    case YEAR:
      return 4;
    default:
      return 0;
  }
}

int test_cells(const Column& column, size_t place, const Rows& rows, size_t first, Buffers& out, size_t longest) {
  switch (column.kind) {
    case TEXT:
      return run<TEXT>(column, place, rows, first, out, longest);
    case INTEGER:
      return run<INTEGER>(column, place, rows, first, out, longest);
    case NUMBER:
      return run<NUMBER>(column, place, rows, first, out, longest);
    case DATE:
      return run<DATE>(column, place, rows, first, out, longest);
    case DATETIME:
      return run<DATETIME>(column, place, rows, first, out, longest);
    case BOOLEAN:
      return run<BOOLEAN>(column, place, rows, first, out, longest);
    case YEAR:
      return run<YEAR>(column, place, rows, first, out, longest);
    default:
      return run<CELLS>(column, place, rows, first, out, longest);
  }
}

}  // namespace opendata
