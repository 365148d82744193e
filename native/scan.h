// What the parts of the pass share: the plan of a table, the places of its cells, and what becomes of a column.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#define INLINE inline __attribute__((always_inline))
// What is compiled three times, for vectors of different width, is called NAME_plainly, NAME_wide and NAME_widest. BODY
// is a macro of which each has one of these words.
#if defined(__x86_64__) && defined(__GNUC__)
#define OPENDATA_X86 1
#define TARGET_WIDE __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define TARGET_WIDEST \
  __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,bmi,bmi2,popcnt,prefer-vector-width=512")))
#define CHOOSE(NAME) (get_width() == WIDEST ? NAME##_widest : get_width() == WIDE ? NAME##_wide : NAME##_plainly)
#define FOR_ALL_WIDTHS(BODY) BODY(, plainly) BODY(TARGET_WIDE, wide) BODY(TARGET_WIDEST, widest)
#else
#define CHOOSE(NAME) NAME##_plainly
#define FOR_ALL_WIDTHS(BODY) BODY(, plainly)
#endif

namespace opendata {

// How a column's cells are tested. CELLS: they are cut out, and nothing is said of them.
enum Kind : int { CELLS, TEXT, INTEGER, NUMBER, DATE, DATETIME, BOOLEAN, YEAR, KINDS };
constexpr size_t SIZES[KINDS] = {0, 0, 8, 8, 4, 8, 0, 4};  // of a value in bytes; 0: there are none, or bits

// Why a block isn't plain, so that a more careful reader has to take it.
enum Refusal : int { FINE, RAGGED, BLANK, QUOTES, NUL, RETURNS, ENCODING, OPEN, LONG };

// The vectors that the machine has: those that any has, AVX2, AVX-512.
enum Width : int { PLAIN, WIDE, WIDEST };

constexpr double TEN[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

constexpr uint64_t repeat(uint8_t byte) { return byte * 0x0101010101010101ULL; }

// Eight bytes as a word, the first the lowest.
inline uint64_t load(const uint8_t* at) {
  uint64_t word = 0;
  memcpy(&word, at, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  return word;
}

constexpr uint64_t read_text(const char (&text)[9]) {
  uint64_t word = 0;
  for (int i = 0; i < 8; i++) word |= uint64_t(uint8_t(text[i])) << 8 * i;
  return word;
}

// A text where it lies. From its first byte on at least `ROOM` bytes may be read, if it isn't longer itself.
struct Text {
  const uint8_t* bytes;
  size_t size;
};

// A deterministic automaton over bytes; state 0 accepts nothing and is never left. A state is given by the place of its
// row of 256 in the table.
struct Automaton {
  uint32_t start = 0;
  std::vector<uint32_t> next;    // [place of a state + byte]
  std::vector<uint8_t> accepts;  // by the number of a state

  // A bit for each text that it accepts. Eight are read side by side, since each step has to wait for the one before it.
  uint32_t match(const Text* texts, size_t count) const {
    constexpr size_t ABREAST = 8;
    const uint32_t* const table = next.data();
    uint32_t found = 0;
    size_t done = 0;
    for (; done + ABREAST <= count; done += ABREAST) {
      const Text* const some = texts + done;
      uint32_t states[ABREAST];
      size_t least = some[0].size;
      for (size_t i = 0; i < ABREAST; i++) least = some[i].size < least ? some[i].size : least;
      for (uint32_t& state : states) state = start;
      for (size_t at = 0; at < least; at++)
        for (size_t i = 0; i < ABREAST; i++) states[i] = table[states[i] + some[i].bytes[at]];
      for (size_t i = 0; i < ABREAST; i++) found |= uint32_t(accepts[walk(states[i], some[i], least) >> 8]) << (done + i);
    }
    for (; done < count; done++) found |= uint32_t(accepts[walk(start, texts[done], 0) >> 8]) << done;
    return found;
  }

 private:
  uint32_t walk(uint32_t state, Text text, size_t from) const {
    for (size_t i = from; i < text.size && state; i++) state = next[state + text.bytes[i]];
    return state;
  }
};

// A few texts, found by their size and their first and last bytes.
class Items {
 public:
  void index(const std::vector<std::string>& texts);
  uint32_t find(const Text* texts, size_t count) const {  // a bit for each that is one of them
    uint32_t found = 0;
    for (size_t i = 0; i < count; i++) found |= uint32_t(has(texts[i])) << i;
    return found;
  }

 private:
  struct Item {
    uint64_t first = 0, last = 0;
    Text text{};
    bool is_set = false;
  };
  std::deque<std::string> texts_;
  std::vector<Item> items_;
  size_t mask_ = 0;

  bool has(const Text& text) const {
    const Item wanted = describe(text);
    for (size_t at = mix(wanted) & mask_; items_[at].is_set; at = (at + 1) & mask_) {
      const Item& item = items_[at];
      if (item.first != wanted.first || item.last != wanted.last || item.text.size != text.size) continue;
      if (text.size <= 16 || !memcmp(item.text.bytes, text.bytes, text.size)) return true;
    }
    return false;
  }
  static Item describe(const Text& text) {
    if (text.size >= 8) return {load(text.bytes), load(text.bytes + text.size - 8), text, true};
    return {text.size ? load(text.bytes) << (64 - 8 * text.size) : 0, 0, text, true};
  }
  static uint64_t mix(const Item& item) {
    const uint64_t mixed = (item.first ^ (item.last << 7 | item.last >> 57) ^ item.text.size) * 0x9E3779B97F4A7C15ULL;
    return mixed >> 32 ^ mixed >> 17;
  }
};

struct Column {
  int kind = CELLS, required = 0, trims = 0, min_excluded = 0, max_excluded = 0;  // 0 or 1, but for the kind
  int is_judged = 0;  // only the cells in doubt are wanted of it
  long long min_length = -1, max_length = -1;
  bool has_min = false, has_max = false;
  int64_t whole_min = 0, whole_max = 0;  // a day is YYYYMMDD here
  double real_min = 0, real_max = 0;
  std::vector<std::string> nulls;
  uint64_t null_sizes = 0;  // a bit for each size that a missing value's text has, the last for all from 63 on
  bool has_texts_of_nulls = false;
  Items items;
  bool has_items = false, has_pattern = false;
  Automaton pattern;

  bool is_null(const Text& text) const {
    if (!(null_sizes >> (text.size < 63 ? text.size : 63) & 1)) return false;
    for (const std::string& null : nulls)
      if (null.size() == text.size && !memcmp(null.data(), text.bytes, text.size)) return true;
    return false;
  }
};

struct Plan {
  std::vector<Column> columns;
  uint8_t delimiter = ',';
  bool has_quotes = true;  // whether a quotation mark has a meaning
  size_t longest = 0;      // of more bytes no cell may be
  bool is_verdict = false;  // whether some column is only judged
};

// Where the cells of a block end: the places of delimiters and line ends, row by row, after one before the first cell.
struct Places {
  std::vector<uint32_t> ends;
  size_t count = 0, lines = 0, returns = 0;  // the ends that are line ends; the carriage returns
  bool quoted = false, open = false, nul = false, odd = false;

  uint32_t begin(size_t cell) const { return ends[cell] + 1; }
  uint32_t end(size_t cell) const { return ends[cell + 1]; }
};

// Some rows of a block, one after the other. `empty`, where it is given, has a byte for each row; those stay set where a
// cell is missing, or in doubt.
struct Rows {
  const uint8_t *block, *stop;
  const uint32_t* ends;  // of the first cell of the first row, after that of the cell before it
  size_t width, count, first, longest;  // `first` is the number of the first row, `longest` the bytes a cell may have
  bool quoted, returns;
  uint8_t* empty;
};

// The cells in doubt of a column that is judged: their rows, and of each the number of its text.
struct Doubts {
  std::vector<int32_t> rows, codes;
  std::deque<std::string> texts;
  std::unordered_map<std::string_view, int32_t> numbers;  // views of `texts`

  void add(size_t row, const Text& text);
};

constexpr size_t LANES = 32, ROOM = 24;

// Some cells of a column, with their first eight bytes, and the values of those that were proved right: numbers, days as
// YYYYMMDD, seconds of the day.
struct Lanes {
  Text cells[LANES];
  uint64_t sizes[LANES], words[LANES];
  int64_t whole[LANES], seconds[LANES];
  double real[LANES];
  uint32_t nulls, spaced;  // a bit for each cell that may be missing by its size, or has a space for the T of a moment
};

// What a column becomes: buffers of Arrow, or its doubts. A bit of `valid` is a cell that isn't missing, one of `doubtful` a cell of
// which it isn't certain that it is right. Both begin as noughts.
struct Buffers {
  int32_t* offsets = nullptr;
  uint8_t* text = nullptr;
  size_t used = 0;
  uint8_t* valid = nullptr;
  uint8_t* doubtful = nullptr;
  uint8_t* typed = nullptr;
  size_t nulls = 0, doubts = 0, spaced = 0;
  bool rewritten = false;
  Doubts doubt;
};

// lanes.cpp
Width get_width();
uint32_t prove(const Column& column, Lanes& lanes);  // a bit for each cell that is surely right, if it isn't missing

// split.cpp
bool is_count_odd(const uint8_t* block, size_t size, uint8_t wanted);
void find_ends(const uint8_t* block, size_t size, uint8_t delimiter, bool has_quotes, Places& found);

// utf8.cpp
bool is_utf8(const uint8_t* block, size_t size);

// cells.cpp
int test_cells(const Column& column, size_t place, const Rows& rows, Buffers& out);

}  // namespace opendata
