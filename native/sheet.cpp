// Rows of XLSX sheets that are written as a form tells: its literal texts with values between them. It takes what the
// regular expressions of `opendata/intake/workbook/xlsx_form.py` take, and less of what is rare.
#include "python.h"

#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace opendata {

bool is_utf8(const uint8_t* block, size_t size);  // utf8.cpp

namespace {

enum Kind { TEXT, FILLED, SHARED, BLANK };  // a text, one of a character or more, the place of a shared one, none

constexpr size_t SLOTS = 256, LONGEST = 48;      // of texts remembered, and the bytes of one
constexpr int MOST_DIGITS = 7, MOST_PLACES = 9;  // of a row's number, and of the place of a shared text

struct Cursor {
  const char *at, *end;
  bool eat(std::string_view text) {
    if (size_t(end - at) < text.size() || memcmp(at, text.data(), text.size())) return false;
    at += text.size();
    return true;
  }
  // How many digits there are from here on, of which at most `most` are read.
  int digits(int most, long& number) {
    int count = 0;
    for (number = 0; at < end && *at >= '0' && *at <= '9' && count < most; at++, count++)
      number = number * 10 + (*at - '0');
    return count;
  }
  const char* find(char sign) const { return static_cast<const char*>(memchr(at, sign, size_t(end - at))); }
};

// A list of texts; one that is equal to one lately met is the same object.
class Texts {
 public:
  bool add(const char* text, size_t size) {
    if (!size || size > LONGEST) return append(text, size);
    Slot& slot = slots_[place(text, size)];
    if (slot.size == size && !memcmp(slot.text, text, size)) return !PyList_Append(list_.object, slot.object);
    if (!append(text, size)) return false;
    slot = {text, size, made_};
    return true;
  }
  bool add(PyObject* object) { return !PyList_Append(list_.object, object); }
  PyObject* object() const { return list_.object; }

 private:
  struct Slot {
    const char* text = nullptr;
    size_t size = 0;
    PyObject* object = nullptr;  // the list has it
  };
  bool append(const char* text, size_t size) {
    const Held made(PyUnicode_FromStringAndSize(text, Py_ssize_t(size)));
    made_ = made.object;
    return made_ && !PyList_Append(list_.object, made_);
  }
  static size_t place(const char* text, size_t size) {
    uint64_t found = size, piece = 0;
    for (; size >= 8; text += 8, size -= 8) {
      memcpy(&piece, text, 8);
      found = (found ^ piece) * 0x9E3779B97F4A7C15;
      found ^= found >> 29;
    }
    piece = 0;
    memcpy(&piece, text, size);
    return ((found ^ piece) * 0x9E3779B97F4A7C15) >> 56;
  }
  Held list_{PyList_New(0)};
  std::vector<Slot> slots_ = std::vector<Slot>(SLOTS);
  PyObject* made_ = nullptr;
};

struct Column {
  std::string begin, end;
  std::vector<std::string> openings;
  int kind = TEXT;
  size_t usual = 0;  // the opening that was met last
  Texts texts;

  bool open(Cursor& cursor) {
    if (usual < openings.size() && cursor.eat(openings[usual])) return true;
    for (usual = 0; usual < openings.size(); usual++)
      if (cursor.eat(openings[usual])) return true;
    return false;
  }
};

enum Outcome { TAKEN, OTHER, FAILED };

Outcome take_value(Column& column, const char* text, size_t size, PyObject* strings) {
  if (column.kind == TEXT || (column.kind == FILLED && size)) return column.texts.add(text, size) ? TAKEN : FAILED;
  if (column.kind != SHARED || !size || size > MOST_PLACES) return OTHER;
  Cursor cursor{text, text + size};
  long place = 0;
  if (size_t(cursor.digits(MOST_PLACES, place)) != size || place >= PyList_Size(strings)) return OTHER;
  return column.texts.add(PyList_GetItem(strings, Py_ssize_t(place))) ? TAKEN : FAILED;
}

Outcome take_cell(Column& column, Cursor& cursor, PyObject* strings, PyObject* empty) {
  long ignored = 0;
  Cursor inside = cursor;
  const bool is_blank = column.kind == BLANK;
  const auto miss = [&] { return is_blank || column.texts.add(empty) ? TAKEN : FAILED; };
  if (!inside.eat(column.begin) || !inside.digits(1, ignored)) return miss();
  while (inside.digits(MOST_PLACES, ignored)) continue;
  if (!is_blank && column.open(inside)) {
    const char* const close = inside.find('<');
    if (!close) return OTHER;
    cursor.at = close;
    const Outcome outcome = take_value(column, inside.at, size_t(close - inside.at), strings);
    return outcome != TAKEN || cursor.eat(column.end) ? outcome : OTHER;
  }
  if (!inside.eat("\"")) return OTHER;
  const char* const close = inside.find('>');
  if (!close || close[-1] != '/') return OTHER;
  cursor.at = close + 1;
  return miss();
}

bool read_column(PyObject* given, Column& column) {
  const char *begin = nullptr, *end = nullptr;
  Py_ssize_t begin_size = 0, end_size = 0;
  PyObject* openings = nullptr;
  if (!PyArg_ParseTuple(given, "y#O!y#i", &begin, &begin_size, &PyTuple_Type, &openings, &end, &end_size,
                        &column.kind))
    return false;
  column.begin.assign(begin, size_t(begin_size));
  column.end.assign(end, size_t(end_size));
  for (Py_ssize_t i = 0; i < PyTuple_Size(openings); i++) {
    char* text = nullptr;
    Py_ssize_t size = 0;
    if (PyBytes_AsStringAndSize(PyTuple_GetItem(openings, i), &text, &size)) return false;
    column.openings.emplace_back(text, size_t(size));
  }
  return column.texts.object();
}

Outcome take_row(Cursor& cursor, std::vector<Column>& columns, Texts& numbers, Texts& attributes, PyObject* strings,
                 PyObject* empty) {
  long number = 0;
  while (cursor.at < cursor.end && (*cursor.at == ' ' || *cursor.at == '\n' || *cursor.at == '\t')) cursor.at++;
  if (!cursor.eat("<row r=\"") || !cursor.digits(MOST_DIGITS, number) || !cursor.eat("\"")) return OTHER;
  const char* const close = cursor.find('>');
  if (!close || close[-1] == '/') return OTHER;
  const Held made(PyLong_FromLong(number));
  if (!made.object || !numbers.add(made.object)) return FAILED;
  if (!attributes.add(cursor.at, size_t(close - cursor.at))) return FAILED;
  cursor.at = close + 1;
  for (Column& column : columns)
    if (const Outcome outcome = take_cell(column, cursor, strings, empty); outcome != TAKEN) return outcome;
  return cursor.eat("</row>") ? TAKEN : OTHER;
}

}  // namespace

// (rows as UTF-8, columns, shared texts) -> (numbers of the rows, their attributes, a list of texts for each column that
// has any); None where something isn't as the columns tell.
PyObject* take_rows(PyObject*, PyObject* arguments) {
  View block;
  PyObject *given = nullptr, *strings = nullptr;
  if (!PyArg_ParseTuple(arguments, "y*O!O!", &block.buffer, &PyTuple_Type, &given, &PyList_Type, &strings))
    return nullptr;
  if (!is_utf8(block.bytes(), block.size())) Py_RETURN_NONE;
  const auto text = reinterpret_cast<const char*>(block.bytes());
  try {
    std::vector<Column> columns(size_t(PyTuple_Size(given)));
    for (size_t i = 0; i < columns.size(); i++)
      if (!read_column(PyTuple_GetItem(given, Py_ssize_t(i)), columns[i])) return nullptr;
    Texts numbers, attributes;
    const Held empty(PyUnicode_FromStringAndSize("", 0));
    if (!empty.object || !numbers.object() || !attributes.object()) return nullptr;
    for (Cursor cursor{text, text + block.size()}; cursor.at < cursor.end;) {
      const Outcome outcome = take_row(cursor, columns, numbers, attributes, strings, empty.object);
      if (outcome == FAILED) return nullptr;
      if (outcome == OTHER) Py_RETURN_NONE;
    }
    const Held found(PyList_New(0));
    if (!found.object) return nullptr;
    for (const Column& column : columns)
      if (column.kind != BLANK && PyList_Append(found.object, column.texts.object())) return nullptr;
    return Py_BuildValue("(OOO)", numbers.object(), attributes.object(), found.object);
  } catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
  }
}

}  // namespace opendata
