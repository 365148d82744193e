// Cells under the strict sub-language of their type: what isn't certainly right here is a doubt, never an error.
#include "scan.h"

#include <charconv>
#include <cstring>
#include <utility>

namespace opendata {
namespace {

constexpr size_t DOUBLE_DIGITS = 15;  // a double keeps every number of up to this many digits
constexpr uint8_t NOTHING[ROOM] = {};

inline bool is_digit(uint8_t byte) { return uint8_t(byte - '0') < 10; }
inline void set(uint8_t* bits, size_t place) { bits[place >> 3] |= uint8_t(1u << (place & 7)); }

inline int64_t count_characters(const Text& text) {
  int64_t found = 0;
  for (size_t i = 0; i < text.size; i++) found += (text.bytes[i] & 0xC0) != 0x80;
  return found;
}

// Whether a text has a character that is surely no white space. All white space beyond ASCII begins with C2, E1, E2 or
// E3 in UTF-8 (Unicode's White_Space, and what Python strips).
inline bool has_ink(const Text& text) {
  for (size_t i = 0; i < text.size; i++) {
    const uint8_t byte = text.bytes[i];
    if ((byte > ' ' && byte < 0x7F) || (byte >= 0xC3 && byte != 0xE1 && byte != 0xE2 && byte != 0xE3)) return true;
  }
  return false;
}

// Days since 1970-01-01 in the calendar of Gregory, of a day as YYYYMMDD.
inline int32_t count_days(int64_t number) {
  const int year = int(number / 10000), month = int(number / 100 % 100), day = int(number % 100);
  // A year begins in March here, so that a leap day is its last.
  const int shifted = month > 2 ? year : year - 1;
  const int before = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + before - 719468;
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

// Cells that weren't proved right among others: texts whose characters have to be counted, long numbers and those with
// a sign. What isn't right here is in doubt.
inline bool is_text_right(const Column& column, const Text& cell) {
  const auto length = int64_t(cell.size);  // a character has one to four bytes
  if (column.max_length >= 0 && length > column.max_length && count_characters(cell) > column.max_length) return false;
  if (column.min_length >= 0 && length < column.min_length * 4 && count_characters(cell) < column.min_length)
    return false;
  return !column.trims || has_ink(cell);
}

inline bool is_real_right(const Column& column, const Text& cell, double& value) {
  bool is_long = false;
  if (!read_real(cell.bytes, cell.size, value, is_long)) return false;
  if (!is_within(column, value, column.real_min, column.real_max)) return false;
  return !is_long || !((column.has_min && value == column.real_min) || (column.has_max && value == column.real_max));
}

// A cell's bytes without its quotation marks. False if they aren't in the plain form.
__attribute__((noinline)) bool unquote(Text& cell, std::vector<uint8_t>& undone, bool& has_room) {
  const uint8_t* text = cell.bytes;
  size_t size = cell.size;
  if (!size || text[0] != '"') return !size || !memchr(text, '"', size);
  if (size < 2 || text[size - 1] != '"') return false;
  cell = {++text, size -= 2};
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
  cell = {undone.data(), undone.size()};
  has_room = false;
  return true;
}

// The cells of one column, some at once.
template <int KIND, bool IS_JUDGED>
class Run {
 public:
  Run(const Column& column, size_t place, const Rows& rows, Buffers& out)
      : column_(column), place_(place), rows_(rows), out_(out) {}

  int take_all() {
    for (size_t row = 0; row < rows_.count; row += LANES) {
      const size_t count = rows_.count - row < LANES ? rows_.count - row : LANES;
      if (const int refusal = fill(row, count)) return refusal;
      if constexpr (!IS_JUDGED)
        for (size_t i = 0; i < count && out_.offsets; i++) copy(rows_.first + row + i, lanes_.cells[i]);
      if constexpr (KIND == CELLS) continue;
      const uint32_t all = uint32_t((uint64_t(1) << count) - 1);
      uint32_t allowed = column_.has_pattern ? column_.pattern.match(lanes_.cells, count) : all;
      if (column_.has_items) allowed &= column_.items.find(lanes_.cells, count);
      const uint32_t proved = prove(column_, lanes_) & all, nulls = find_nulls(lanes_.nulls & all);
      take(row, all, proved & ~nulls, allowed, nulls);
    }
    return FINE;
  }

 private:
  const Column& column_;
  const size_t place_;
  const Rows& rows_;
  Buffers& out_;
  Lanes lanes_;
  uint8_t roomy_[LANES][ROOM];
  std::vector<std::vector<uint8_t>> undone_;

  int fill(size_t row, size_t count) {
    const uint32_t* ends = rows_.ends + row * rows_.width + place_;
    const uint8_t* const block = rows_.block;
    for (size_t i = 0; i < count; i++, ends += rows_.width) {
      const size_t begin = ends[-1] + 1, size = ends[0] - begin;
      lanes_.cells[i].bytes = block + begin;
      lanes_.cells[i].size = size;
      lanes_.sizes[i] = size;
    }
    for (size_t i = count; i < LANES; i++) {
      lanes_.cells[i] = {NOTHING, 0};
      lanes_.sizes[i] = 0;
    }
    const uint8_t* const last = lanes_.cells[count - 1].bytes;
    if (rows_.quoted || size_t(rows_.stop - last) < ROOM || (rows_.returns && place_ + 1 == rows_.width))
      if (const int refusal = tidy(count)) return refusal;
    for (size_t i = 0; i < count; i++)
      if (lanes_.sizes[i] > rows_.longest) return LONG;
    if (KIND != CELLS && (KIND != TEXT || column_.trims))
      for (size_t i = 0; i < LANES; i++) lanes_.words[i] = load(lanes_.cells[i].bytes);
    return FINE;
  }

  // Takes carriage returns and quotation marks away, and copies what lies at the end of the block.
  __attribute__((noinline)) int tidy(size_t count) {
    if (rows_.quoted) undone_.resize(LANES);
    for (size_t i = 0; i < count; i++) {
      Text cell = lanes_.cells[i];
      if (rows_.returns && place_ + 1 == rows_.width && cell.size && cell.bytes[cell.size - 1] == '\r') cell.size--;
      bool has_room = size_t(rows_.stop - cell.bytes) >= ROOM;
      if (rows_.quoted && !unquote(cell, undone_[i], has_room)) return QUOTES;
      if (!has_room && cell.size <= ROOM) {
        memset(roomy_[i], 0, ROOM);
        if (cell.size) memcpy(roomy_[i], cell.bytes, cell.size);
        cell.bytes = roomy_[i];
      }
      lanes_.cells[i] = cell;
      lanes_.sizes[i] = cell.size;
    }
    return FINE;
  }

  void copy(size_t number, const Text& cell) {
    if (cell.size) memcpy(out_.text + out_.used, cell.bytes, cell.size);
    out_.used += cell.size;
    out_.offsets[number + 1] = int32_t(out_.used);
  }

  uint32_t find_nulls(uint32_t candidates) const {
    uint32_t found = 0;
    for (; candidates; candidates &= candidates - 1)
      if (column_.is_null(lanes_.cells[__builtin_ctz(candidates)])) found |= candidates & (0 - candidates);
    return found;
  }

  // Each is a bit of a cell: it is there, has surely the form of its type, has what the pattern and the list allow, is
  // missing.
  void take(size_t row, uint32_t all, uint32_t proved, uint32_t allowed, uint32_t nulls) {
    uint32_t sure = (proved & allowed) | (column_.required ? 0 : nulls), rewritten = 0;
    for (uint32_t left = allowed & all & ~(proved | nulls); left; left &= left - 1)
      if (is_right(size_t(__builtin_ctz(left)), rewritten)) sure |= left & (0 - left);
    out_.rewritten |= rewritten != 0;
    if constexpr (KIND == DATETIME) {
      out_.spaced += size_t(__builtin_popcount(lanes_.spaced & proved));
      rewritten = lanes_.spaced & proved;
    }
    // What a cell is rewritten to might be the text of a missing value.
    if (IS_JUDGED && column_.has_texts_of_nulls) sure &= ~rewritten;
    if (rows_.empty)
      for (uint32_t left = sure & ~nulls; left; left &= left - 1) rows_.empty[row + size_t(__builtin_ctz(left))] = 0;
    out_.nulls += size_t(__builtin_popcount(nulls));
    out_.doubts += size_t(__builtin_popcount(all & ~sure));
    for (uint32_t left = all & (IS_JUDGED ? ~sure : all); left; left &= left - 1) {
      const auto i = size_t(__builtin_ctz(left));
      const size_t number = rows_.first + row + i;
      if constexpr (IS_JUDGED) {
        out_.doubt.add(number, lanes_.cells[i]);
      } else {
        if (!(nulls >> i & 1)) set(out_.valid, number);
        if (!(sure >> i & 1)) set(out_.doubtful, number);
        write(number, i);
      }
    }
  }

  bool is_right(size_t i, uint32_t& rewritten) {
    const Text& cell = lanes_.cells[i];
    if constexpr (KIND == TEXT) return is_text_right(column_, cell);
    if constexpr (KIND == NUMBER) return is_real_right(column_, cell, lanes_.real[i]);
    if constexpr (KIND != INTEGER) return false;
    bool is_rewritten = false;
    if (!read_whole(cell.bytes, cell.size, lanes_.whole[i], is_rewritten)) return false;
    rewritten |= uint32_t(is_rewritten) << i;
    return is_within(column_, lanes_.whole[i], column_.whole_min, column_.whole_max);
  }

  void write(size_t number, size_t i) {
    const int64_t whole = lanes_.whole[i];
    if constexpr (KIND == INTEGER) reinterpret_cast<int64_t*>(out_.typed)[number] = whole;
    if constexpr (KIND == DATETIME)
      reinterpret_cast<int64_t*>(out_.typed)[number] = (int64_t(count_days(whole)) * 86400 + lanes_.seconds[i]) * 1000000;
    if constexpr (KIND == NUMBER) reinterpret_cast<double*>(out_.typed)[number] = lanes_.real[i];
    if constexpr (KIND == DATE) reinterpret_cast<int32_t*>(out_.typed)[number] = count_days(whole);
    if constexpr (KIND == YEAR) reinterpret_cast<int32_t*>(out_.typed)[number] = int32_t(whole);
    if constexpr (KIND == BOOLEAN)
      if (whole) set(out_.typed, number);
  }
};

template <int KIND, bool IS_JUDGED>
int run(const Column& column, size_t place, const Rows& rows, Buffers& out) {
  return Run<KIND, IS_JUDGED>(column, place, rows, out).take_all();
}

template <int... EACH>
int choose(const Column& column, size_t place, const Rows& rows, Buffers& out, std::integer_sequence<int, EACH...>) {
  constexpr decltype(&test_cells) RUNS[][2] = {{run<EACH, false>, run<EACH, true>}...};
  return RUNS[column.kind][column.is_judged](column, place, rows, out);
}

}  // namespace

void Doubts::add(size_t row, const Text& text) {
  const std::string_view seen(reinterpret_cast<const char*>(text.bytes), text.size);
  rows.push_back(int32_t(row));
  if (!codes.empty() && texts[size_t(codes.back())] == seen) {  // wrong cells are often wrong alike
    codes.push_back(codes.back());
    return;
  }
  auto known = numbers.find(seen);
  if (known == numbers.end()) {
    texts.emplace_back(seen);
    known = numbers.emplace(texts.back(), int32_t(texts.size() - 1)).first;
  }
  codes.push_back(known->second);
}

void Items::index(const std::vector<std::string>& texts) {
  size_t size = 4;
  while (size < texts.size() * 3) size *= 2;
  items_.assign(size, {});
  mask_ = size - 1;
  for (const std::string& text : texts) {
    texts_.push_back(text + std::string(ROOM, '\0'));
    const Item item = describe({reinterpret_cast<const uint8_t*>(texts_.back().data()), text.size()});
    size_t at = mix(item) & mask_;
    while (items_[at].is_set) at = (at + 1) & mask_;
    items_[at] = item;
  }
}

int test_cells(const Column& column, size_t place, const Rows& rows, Buffers& out) {
  return choose(column, place, rows, out, std::make_integer_sequence<int, KINDS>());
}

}  // namespace opendata
