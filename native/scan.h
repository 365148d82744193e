// What the parts of the pass share: the plan of a table, the places of its cells, and what becomes of a column.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace opendata {

// How a column's cells are tested. CELLS: they are cut out, and nothing is said of them.
enum Kind : int { CELLS, TEXT, INTEGER, NUMBER, DATE, DATETIME, BOOLEAN, YEAR };

// Why a block isn't plain, so that a more careful reader has to take it.
enum Refusal : int { FINE, RAGGED, BLANK, QUOTES, NUL, RETURNS, ENCODING, OPEN, LONG };

// A table of a deterministic automaton over bytes; state 0 accepts nothing and is never left.
struct Automaton {
  uint32_t classes = 0, start = 0;
  uint8_t class_of[256] = {};
  std::vector<uint16_t> next;  // [state * classes + class]
  std::vector<uint8_t> accepts;

  bool matches(const uint8_t* text, size_t size) const {
    uint32_t state = start;
    for (size_t i = 0; i < size && state; i++) state = next[state * classes + class_of[text[i]]];
    return accepts[state];
  }
};

struct Column {
  int kind = CELLS;
  bool required = false, trims = false;
  int64_t min_length = -1, max_length = -1;
  bool has_min = false, has_max = false, min_excluded = false, max_excluded = false;
  int64_t whole_min = 0, whole_max = 0;
  double real_min = 0, real_max = 0;
  std::vector<std::string> nulls;
  std::vector<std::string> items;
  std::unordered_set<std::string_view> allowed;  // views of `items`
  bool has_items = false, has_pattern = false;
  Automaton pattern;

  bool is_null(const uint8_t* text, size_t size) const;
};

struct Plan {
  std::vector<Column> columns;
  uint8_t delimiter = ',';
  bool has_quotes = true;  // whether a quotation mark has a meaning
  size_t longest = 0;      // of more bytes no cell may be
};

// Where the cells of a block end: the places of delimiters and line ends, row by row.
struct Places {
  std::vector<uint32_t> ends;
  size_t count = 0;
  bool quoted = false, returns = false, open = false, nul = false;
};

// Some rows of a block, one after the other.
struct Rows {
  const uint8_t* block;
  const uint32_t* ends;  // of the first cell of the first row
  size_t width, count;
  uint32_t start;  // of the first row
  bool quoted, returns;
};

// What a column becomes: buffers of Arrow. A bit of `valid` is a cell that isn't missing, one of `doubtful` a cell of
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
};

// split.cpp
void find_ends(const uint8_t* block, size_t size, uint8_t delimiter, bool has_quotes, Places& found);

// utf8.cpp
bool is_utf8(const uint8_t* block, size_t size);

// cells.cpp
size_t size_of(int kind);  // of a value in bytes; 0: there are none
int test_cells(const Column& column, size_t place, const Rows& rows, size_t first, Buffers& out, size_t longest);

}  // namespace opendata
