// The module `opendata._native`: a plan is made once for a table, a block is scanned by it. Python's stable ABI.
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include <algorithm>
#include <memory>
#include <new>

#include "scan.h"

using namespace opendata;

namespace {

constexpr char PLAN[] = "opendata._native.plan";
constexpr size_t PIECE = 192 << 10;  // so much is tested at once, column after column: it stays in the cache

// An owned reference.
struct Held {
  PyObject* object;
  explicit Held(PyObject* given) : object(given) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() { Py_XDECREF(object); }
};

bool read_texts(PyObject* list, std::vector<std::string>& found) {
  const Py_ssize_t count = PySequence_Size(list);
  for (Py_ssize_t i = 0; i < count; i++) {
    const Held item(PySequence_GetItem(list, i));
    char* text = nullptr;
    Py_ssize_t size = 0;
    if (!item.object || PyBytes_AsStringAndSize(item.object, &text, &size)) return false;
    found.emplace_back(text, size_t(size));
  }
  return count >= 0;
}

bool read_pattern(PyObject* given, Column& column) {
  if (given == Py_None) return true;
  const char *classes = nullptr, *next = nullptr, *accepts = nullptr;
  Py_ssize_t classes_size = 0, next_size = 0, accepts_size = 0;
  unsigned int count = 0, start = 0;
  if (!PyArg_ParseTuple(given, "y#IIy#y#", &classes, &classes_size, &count, &start, &next, &next_size, &accepts,
                        &accepts_size))
    return false;
  Automaton& made = column.pattern;
  made.classes = count;
  made.start = start;
  made.next.resize(size_t(next_size) / 2);
  for (size_t i = 0; i < made.next.size(); i++)
    made.next[i] = uint16_t(uint8_t(next[2 * i]) | uint8_t(next[2 * i + 1]) << 8);
  made.accepts.assign(accepts, accepts + accepts_size);
  bool is_whole = classes_size == 256 && count && made.next.size() == size_t(accepts_size) * count;
  for (Py_ssize_t i = 0; i < classes_size && is_whole; i++) {
    made.class_of[i] = uint8_t(classes[i]);
    is_whole = made.class_of[i] < count;
  }
  for (uint16_t state : made.next) is_whole = is_whole && state < size_t(accepts_size);
  if (!is_whole || start >= size_t(accepts_size)) {
    PyErr_SetString(PyExc_ValueError, "the table of a pattern points beyond itself");
    return false;
  }
  return column.has_pattern = true;
}

// (kind, required, trims, min length, max length, minimum, excluded, maximum, excluded, nulls, items, pattern)
bool read_column(PyObject* given, Column& column) {
  PyObject *least, *most, *nulls, *items, *pattern;
  int required = 0, trims = 0, min_excluded = 0, max_excluded = 0;
  long long min_length = -1, max_length = -1;
  if (!PyArg_ParseTuple(given, "ippLLOpOpOOO", &column.kind, &required, &trims, &min_length, &max_length, &least,
                        &min_excluded, &most, &max_excluded, &nulls, &items, &pattern))
    return false;
  column.required = required;
  column.trims = trims;
  column.min_length = min_length;
  column.max_length = max_length;
  column.min_excluded = min_excluded;
  column.max_excluded = max_excluded;
  const bool is_real = column.kind == NUMBER;
  if (least != Py_None) {
    column.has_min = true;
    if (is_real) column.real_min = PyFloat_AsDouble(least);
    else column.whole_min = PyLong_AsLongLong(least);
  }
  if (most != Py_None) {
    column.has_max = true;
    if (is_real) column.real_max = PyFloat_AsDouble(most);
    else column.whole_max = PyLong_AsLongLong(most);
  }
  if (PyErr_Occurred() || !read_texts(nulls, column.nulls)) return false;
  if (items != Py_None) {
    if (!read_texts(items, column.items)) return false;
    column.has_items = true;
    for (const std::string& item : column.items) column.allowed.insert(item);
  }
  return read_pattern(pattern, column);
}

void free_plan(PyObject* capsule) { delete static_cast<Plan*>(PyCapsule_GetPointer(capsule, PLAN)); }

PyObject* make_plan(PyObject*, PyObject* arguments) {
  PyObject* columns = nullptr;
  const char* delimiter = nullptr;
  Py_ssize_t delimiter_size = 0, longest = 0;
  int has_quotes = 0;
  if (!PyArg_ParseTuple(arguments, "Oy#pn", &columns, &delimiter, &delimiter_size, &has_quotes, &longest))
    return nullptr;
  const Py_ssize_t width = PySequence_Size(columns);
  if (width < 0) return nullptr;
  if (delimiter_size != 1 || width < 1 || longest < 0) {
    PyErr_SetString(PyExc_ValueError, "a plan has columns, and a delimiter of one byte");
    return nullptr;
  }
  try {
    auto plan = std::make_unique<Plan>();
    plan->delimiter = uint8_t(delimiter[0]);
    plan->has_quotes = has_quotes;
    plan->longest = size_t(longest);
    plan->columns.resize(size_t(width));  // never moved afterwards: `allowed` has views of `items`
    for (Py_ssize_t i = 0; i < width; i++) {
      const Held given(PySequence_GetItem(columns, i));
      if (!given.object || !read_column(given.object, plan->columns[size_t(i)])) return nullptr;
    }
    PyObject* capsule = PyCapsule_New(plan.get(), PLAN, free_plan);
    if (capsule) plan.release();
    return capsule;
  } catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
  }
}

// What a row may have beside cells that are empty.
bool is_blank(const uint8_t* block, uint32_t begin, uint32_t end, const Plan& plan, bool quoted) {
  const size_t width = plan.columns.size();
  if (end - begin == width - 1) return true;
  if (!quoted || end - begin > 3 * width - 1) return false;
  for (uint32_t i = begin; i < end; i++)
    if (block[i] != plan.delimiter && block[i] != '"') return false;
  return true;
}

// The number of rows, or why the block isn't plain.
int count_rows(const uint8_t* block, size_t size, const Plan& plan, const Places& places, size_t& rows) {
  const size_t width = plan.columns.size();
  if (places.nul) return NUL;
  if (places.open) return OPEN;
  if (!size || block[size - 1] != '\n' || places.count % width) return RAGGED;
  rows = places.count / width;
  size_t returns = 0;
  for (size_t row = 0; row < rows; row++) {
    const size_t at = row * width;
    const uint32_t begin = at ? places.ends[at - 1] + 1 : 0;
    for (size_t i = at; i + 1 < at + width; i++)
      if (block[places.ends[i]] == '\n') return RAGGED;
    uint32_t end = places.ends[at + width - 1];
    if (block[end] != '\n') return RAGGED;
    if (places.returns && end > begin && block[end - 1] == '\r') {
      returns++;
      end--;
    }
    if (is_blank(block, begin, end, plan, places.quoted && plan.has_quotes)) return BLANK;
  }
  if (places.returns) {
    size_t all = 0;
    for (size_t i = 0; i < size; i++) all += block[i] == '\r';
    if (all != returns) return RETURNS;
  }
  return FINE;
}

// Whether the last cell ends with a line end that quotation marks hold: they may be open still.
bool ends_open(const uint8_t* block, size_t size) {
  size_t end = size - 1;
  if (end && block[end - 1] == '\r') end--;
  return end >= 2 && block[end - 1] == '"' && (block[end - 2] == '\n' || block[end - 2] == '\r');
}

// The buffers of a column as Python's bytes.
struct Made {
  PyObject *offsets = nullptr, *text = nullptr, *valid = nullptr, *doubtful = nullptr, *typed = nullptr;
  ~Made() {
    for (PyObject* object : {offsets, text, valid, doubtful, typed}) Py_XDECREF(object);
  }

  static uint8_t* make(PyObject*& object, size_t size, bool is_cleared) {
    object = PyBytes_FromStringAndSize(nullptr, Py_ssize_t(size));
    if (!object) return nullptr;
    auto bytes = reinterpret_cast<uint8_t*>(PyBytes_AsString(object));
    if (is_cleared) std::fill(bytes, bytes + size, uint8_t(0));
    return bytes;
  }

  bool prepare(const Column& column, size_t rows, size_t text_size, Buffers& out) {
    const size_t bits = (rows + 7) / 8;
    out.offsets = reinterpret_cast<int32_t*>(make(offsets, (rows + 1) * 4, false));
    out.text = make(text, text_size, false);
    if (!out.offsets || !out.text) return false;
    out.offsets[0] = 0;
    if (column.kind == CELLS) return true;
    out.valid = make(valid, bits, true);
    out.doubtful = make(doubtful, bits, true);
    if (!out.valid || !out.doubtful) return false;
    if (column.kind == TEXT) return true;
    const size_t each = size_of(column.kind);
    out.typed = make(typed, each ? rows * each : bits, !each);
    return out.typed;
  }

  PyObject* describe(const Buffers& out) const {
    auto or_none = [](PyObject* object) { return object ? object : Py_None; };
    return Py_BuildValue("(OOOOOnnnO)", or_none(offsets), or_none(text), or_none(valid), or_none(doubtful),
                         or_none(typed), Py_ssize_t(out.nulls), Py_ssize_t(out.doubts), Py_ssize_t(out.spaced),
                         out.rewritten ? Py_True : Py_False);
  }
};

struct View {
  Py_buffer buffer = {};
  ~View() {
    if (buffer.obj) PyBuffer_Release(&buffer);
  }
};

int scan_rows(const uint8_t* block, const Plan& plan, const Places& places, size_t skipped, size_t rows,
              std::vector<Buffers>& outs) {
  const size_t width = plan.columns.size();
  const uint32_t* ends = places.ends.data();
  const bool quoted = places.quoted && plan.has_quotes;
  size_t row = skipped;
  while (row < rows) {
    const size_t at = row * width;
    const uint32_t start = at ? ends[at - 1] + 1 : 0;
    size_t stop = row + 1;
    while (stop < rows && ends[(stop + 1) * width - 1] - start < PIECE) stop++;
    const Rows piece{block, ends + at, width, stop - row, start, quoted, places.returns};
    for (size_t i = 0; i < width; i++) {
      const int refusal = test_cells(plan.columns[i], i, piece, row - skipped, outs[i], plan.longest);
      if (refusal) return refusal;
    }
    row = stop;
  }
  return FINE;
}

// (block, plan, skipped) -> (refusal, rows, quoted, returns, columns)
PyObject* scan(PyObject*, PyObject* arguments) {
  View view;
  PyObject* capsule = nullptr;
  Py_ssize_t given = 0;
  if (!PyArg_ParseTuple(arguments, "y*On", &view.buffer, &capsule, &given)) return nullptr;
  auto plan = static_cast<Plan*>(PyCapsule_GetPointer(capsule, PLAN));
  if (!plan) return nullptr;
  const auto block = static_cast<const uint8_t*>(view.buffer.buf);
  const auto size = size_t(view.buffer.len);
  const size_t width = plan->columns.size(), skipped = given > 0 ? size_t(given) : 0;
  if (size > INT32_MAX) return Py_BuildValue("(inOOO)", int(LONG), Py_ssize_t(0), Py_False, Py_False, Py_None);
  try {
    static thread_local Places places;  // kept by the thread, so that it is never asked for again
    std::vector<Buffers> outs(width);
    std::vector<Made> made(width);
    std::vector<size_t> sizes(width, 0);
    size_t rows = 0;
    int refusal = FINE;
    bool is_short = false;
    Py_BEGIN_ALLOW_THREADS;
    try {
      refusal = is_utf8(block, size) ? FINE : ENCODING;
      if (!refusal) {
        find_ends(block, size, plan->delimiter, plan->has_quotes, places);
        refusal = count_rows(block, size, *plan, places, rows);
      }
      if (!refusal && places.quoted && plan->has_quotes && ends_open(block, size)) refusal = OPEN;
      if (!refusal && rows < skipped) refusal = RAGGED;
      if (!refusal)
        for (size_t at = skipped * width; at < rows * width; at += width)
          for (size_t i = 0; i < width; i++)
            sizes[i] += places.ends[at + i] - (at + i ? places.ends[at + i - 1] + 1 : 0);
    } catch (const std::bad_alloc&) {
      is_short = true;
    }
    Py_END_ALLOW_THREADS;
    if (is_short) return PyErr_NoMemory();
    if (!refusal)
      for (size_t i = 0; i < width; i++)
        if (!made[i].prepare(plan->columns[i], rows - skipped, sizes[i], outs[i])) return nullptr;
    Py_BEGIN_ALLOW_THREADS;
    try {
      if (!refusal) refusal = scan_rows(block, *plan, places, skipped, rows, outs);
    } catch (const std::bad_alloc&) {
      is_short = true;
    }
    Py_END_ALLOW_THREADS;
    if (is_short) return PyErr_NoMemory();
    if (refusal) return Py_BuildValue("(inOOO)", refusal, Py_ssize_t(0), Py_False, Py_False, Py_None);
    const Held columns(PyList_New(Py_ssize_t(width)));
    if (!columns.object) return nullptr;
    for (size_t i = 0; i < width; i++) {
      PyObject* column = made[i].describe(outs[i]);
      if (!column || PyList_SetItem(columns.object, Py_ssize_t(i), column)) return nullptr;
    }
    return Py_BuildValue("(inOOO)", int(FINE), Py_ssize_t(rows - skipped), places.quoted ? Py_True : Py_False,
                         places.returns ? Py_True : Py_False, columns.object);
  } catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
  }
}

PyMethodDef METHODS[] = {
    {"make_plan", make_plan, METH_VARARGS, "A plan out of what is known of columns, a delimiter and limits."},
    {"scan", scan, METH_VARARGS, "A block's rows as buffers of Arrow, with the cells that are in doubt."},
    {nullptr, nullptr, 0, nullptr},
};
PyModuleDef MODULE = {PyModuleDef_HEAD_INIT, "_native", "One pass over the bytes of a table.", -1, METHODS,
                      nullptr,               nullptr,   nullptr,                              nullptr};

}  // namespace

PyMODINIT_FUNC PyInit__native() { return PyModule_Create(&MODULE); }
