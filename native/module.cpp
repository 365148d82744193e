// The module `opendata._native`: a plan is made once for a table, a block is scanned by it. Python's stable ABI.
#include "python.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <new>

#include "scan.h"

using namespace opendata;

namespace {

constexpr char PLAN[] = "opendata._native.plan";
constexpr int UNLIKE = 100;  // a refusal: some cell isn't written as its value is
constexpr size_t PIECE = 384 << 10;  // so much is tested at once, column after column: it stays in the cache

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
  const auto states = size_t(accepts_size);
  bool is_whole = classes_size == 256 && size_t(next_size) == states * count * 2 && start < states && states < 1 << 16;
  Automaton& made = column.pattern;
  made.start = start << 8;
  for (size_t state = 0; state < states; state++) made.accepts.push_back(accepts[state] != 0);
  for (size_t place = 0; place < states * 256 && is_whole; place++) {
    const size_t kind = uint8_t(classes[place & 0xFF]), at = 2 * ((place >> 8) * count + kind);
    is_whole = kind < count;
    const uint32_t state = is_whole ? uint8_t(next[at]) | uint32_t(uint8_t(next[at + 1])) << 8 : 0;
    is_whole = is_whole && state < states;
    made.next.push_back(state << 8);
  }
  if (!is_whole) {
    PyErr_SetString(PyExc_ValueError, "the table of a pattern points beyond itself");
    return false;
  }
  return column.has_pattern = true;
}

// (kind, required, trims, min length, max length, minimum, excluded, maximum, excluded, nulls, items, pattern, judged)
bool read_column(PyObject* given, Column& column) {
  PyObject *least, *most, *nulls, *items, *pattern;
  if (!PyArg_ParseTuple(given, "ippLLOpOpOOOp", &column.kind, &column.required, &column.trims, &column.min_length,
                        &column.max_length, &least, &column.min_excluded, &most, &column.max_excluded, &nulls, &items,
                        &pattern, &column.is_judged))
    return false;
  column.is_judged = column.is_judged && column.kind != CELLS;
  if (column.kind < 0 || column.kind >= KINDS) {
    PyErr_SetString(PyExc_ValueError, "no such kind of column");
    return false;
  }
  const auto read_bound = [&column](PyObject* bound, bool& is_set, int64_t& whole, double& real) {
    is_set = bound != Py_None;
    if (is_set && column.kind == NUMBER) real = PyFloat_AsDouble(bound);
    else if (is_set) whole = PyLong_AsLongLong(bound);
  };
  read_bound(least, column.has_min, column.whole_min, column.real_min);
  read_bound(most, column.has_max, column.whole_max, column.real_max);
  if (PyErr_Occurred() || !read_texts(nulls, column.nulls)) return false;
  for (const std::string& null : column.nulls) {
    column.null_sizes |= uint64_t(1) << std::min<size_t>(null.size(), 63);
    column.has_texts_of_nulls |= !null.empty();
  }
  if (items != Py_None) {
    std::vector<std::string> texts;
    if (!read_texts(items, texts)) return false;
    column.has_items = true;
    column.items.index(texts);
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
    plan->columns.resize(size_t(width));
    for (Py_ssize_t i = 0; i < width; i++) {
      const Held given(PySequence_GetItem(columns, i));
      if (!given.object || !read_column(given.object, plan->columns[size_t(i)])) return nullptr;
      plan->is_verdict |= plan->columns[size_t(i)].is_judged;
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
  if (places.lines != rows) return RAGGED;
  size_t returns = 0;
  for (size_t row = 0; row < rows; row++) {
    const size_t at = row * width;
    const uint32_t begin = places.begin(at);
    uint32_t end = places.end(at + width - 1);
    if (block[end] != '\n') return RAGGED;
    if (places.returns && end > begin && block[end - 1] == '\r') {
      returns++;
      end--;
    }
    if (is_blank(block, begin, end, plan, places.quoted && plan.has_quotes)) return BLANK;
  }
  return returns == places.returns ? FINE : RETURNS;
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

  bool prepare(const Column& column, size_t rows, size_t text_size, Buffers& out, bool has_text) {
    if (column.is_judged) return true;
    const size_t bits = (rows + 7) / 8;
    if (has_text) {
      out.offsets = reinterpret_cast<int32_t*>(make(offsets, (rows + 1) * 4, false));
      out.text = make(text, text_size, false);
      if (!out.offsets || !out.text) return false;
      out.offsets[0] = 0;
    }
    if (column.kind == CELLS) return true;
    out.valid = make(valid, bits, true);
    out.doubtful = make(doubtful, bits, true);
    if (!out.valid || !out.doubtful) return false;
    if (column.kind == TEXT) return true;
    const size_t each = SIZES[column.kind];
    out.typed = make(typed, each ? rows * each : bits, !each);
    return out.typed;
  }

  PyObject* describe(const Column& column, const Buffers& out, size_t rows) const {
    if (column.is_judged) return describe_doubts(out);
    auto or_none = [](PyObject* object) { return object ? object : Py_None; };
    return Py_BuildValue("(OOOOOnnnOO)", or_none(offsets), or_none(text), or_none(valid), or_none(doubtful),
                         or_none(typed), Py_ssize_t(out.nulls), Py_ssize_t(out.doubts), Py_ssize_t(out.spaced),
                         out.rewritten ? Py_True : Py_False, ascends(column, out, rows) ? Py_True : Py_False);
  }

  // (cells missing, cells in doubt, moments with a space, rows, numbers of texts, texts)
  static PyObject* describe_doubts(const Buffers& out) {
    const Doubts& doubt = out.doubt;
    const Held texts(PyList_New(Py_ssize_t(doubt.texts.size())));
    if (!texts.object) return nullptr;
    for (size_t i = 0; i < doubt.texts.size(); i++) {
      const std::string& text = doubt.texts[i];
      PyObject* made = PyUnicode_DecodeUTF8(text.data(), Py_ssize_t(text.size()), nullptr);
      if (!made || PyList_SetItem(texts.object, Py_ssize_t(i), made)) return nullptr;
    }
    auto bytes = [](const std::vector<int32_t>& numbers) { return reinterpret_cast<const char*>(numbers.data()); };
    const auto size = Py_ssize_t(doubt.rows.size() * 4);
    return Py_BuildValue("(nnny#y#O)", Py_ssize_t(out.nulls), Py_ssize_t(out.doubts), Py_ssize_t(out.spaced),
                         bytes(doubt.rows), size, bytes(doubt.codes), size, texts.object);
  }

  // Whether all values are there, none in doubt, and each greater than the one before it.
  static bool ascends(const Column& column, const Buffers& out, size_t rows) {
    if (!out.typed || out.nulls || out.doubts) return false;
    auto rise = [rows](auto values) {
      return std::adjacent_find(values, values + rows, std::greater_equal<>()) == values + rows;
    };
    if (column.kind == NUMBER || !SIZES[column.kind]) return false;
    return SIZES[column.kind] == 8 ? rise(reinterpret_cast<const int64_t*>(out.typed))
                                   : rise(reinterpret_cast<const int32_t*>(out.typed));
  }
};

// `may_be_blank` is set where a row may have nothing but missing cells, as far as the columns tell.
int scan_rows(const uint8_t* block, size_t size, const Plan& plan, const Places& places, size_t skipped, size_t rows,
              std::vector<Buffers>& outs, bool looks_for_blank, bool& may_be_blank) {
  const size_t width = plan.columns.size();
  const bool quoted = places.quoted && plan.has_quotes;
  std::vector<uint8_t> empty;
  size_t row = skipped;
  while (row < rows) {
    const size_t at = row * width;
    size_t stop = row + 1;
    while (stop < rows && places.end((stop + 1) * width - 1) - places.begin(at) < PIECE) stop++;
    Rows piece{block,        block + size, places.ends.data() + 1 + at, width, stop - row,
               row - skipped, plan.longest, quoted, places.returns != 0, nullptr};
    bool is_open = looks_for_blank;  // whether a row of the piece may still be blank
    if (is_open) empty.assign(piece.count, 1);
    for (size_t i = 0; i < width; i++) {
      piece.empty = is_open ? empty.data() : nullptr;
      if (const int refusal = test_cells(plan.columns[i], i, piece, outs[i])) return refusal;
      is_open = is_open && memchr(empty.data(), 1, piece.count);
    }
    may_be_blank |= is_open;
    row = stop;
  }
  return FINE;
}

// The bytes of the first row, and of the last three, or as many as there are.
PyObject* cut_edges(const uint8_t* block, const Plan& plan, const Places& places, size_t skipped, size_t rows) {
  const size_t width = plan.columns.size();
  auto find = [&](size_t row) { return reinterpret_cast<const char*>(block) + places.begin(row * width); };
  const char *first = find(skipped), *second = find(std::min(rows, skipped + 1));
  const char *last = find(std::max(skipped, rows > 3 ? rows - 3 : 0)), *end = find(rows);
  return Py_BuildValue("(y#y#)", first, Py_ssize_t(second - first), last, Py_ssize_t(end - last));
}

// Where each row begins, and where the last ends.
PyObject* list_starts(const Places& places, size_t width, size_t skipped, size_t rows) {
  std::vector<uint32_t> starts;
  starts.reserve(rows - skipped + 1);
  for (size_t row = skipped; row <= rows; row++) starts.push_back(places.begin(row * width));
  return PyBytes_FromStringAndSize(reinterpret_cast<const char*>(starts.data()), Py_ssize_t(starts.size() * 4));
}

// Whether every cell of a column is certain, and is written as its value is.
bool is_plain(const Column& column, const Buffers& out) {
  return !out.doubts && !out.spaced && !out.rewritten && !(out.nulls && column.has_texts_of_nulls);
}

// (block, plan, skipped, whether only values) -> (refusal, rows, quoted, returns, odd, may be blank, edges, columns)
//
// With only values, columns of other values than texts have no text; where their texts would be others than the block
// has, or a row may be blank, the block is refused. Where its rows begin is told after the edges.
PyObject* scan(PyObject*, PyObject* arguments) {
  View view;
  PyObject* capsule = nullptr;
  Py_ssize_t given = 0;
  int only_values = 0;
  if (!PyArg_ParseTuple(arguments, "y*On|p", &view.buffer, &capsule, &given, &only_values)) return nullptr;
  auto plan = static_cast<Plan*>(PyCapsule_GetPointer(capsule, PLAN));
  if (!plan) return nullptr;
  const auto block = view.bytes();
  const auto size = view.size();
  const size_t width = plan->columns.size(), skipped = given > 0 ? size_t(given) : 0;
  auto refuse = [](int reason) {
    return Py_BuildValue("(inOOOOOO)", reason, Py_ssize_t(0), Py_False, Py_False, Py_False, Py_False, Py_None,
                         Py_None);
  };
  if (size > INT32_MAX) return refuse(LONG);
  try {
    static thread_local Places places;  // kept by the thread, so that it is never asked for again
    std::vector<Buffers> outs(width);
    std::vector<Made> made(width);
    std::vector<size_t> sizes(width, 0);
    size_t rows = 0;
    int refusal = FINE;
    bool may_be_blank = false;
    {
      const Apart apart;
      refusal = is_utf8(block, size) ? FINE : ENCODING;
      if (!refusal) {
        find_ends(block, size, plan->delimiter, plan->has_quotes, places);
        refusal = count_rows(block, size, *plan, places, rows);
      }
      if (!refusal && places.quoted && plan->has_quotes && ends_open(block, size)) refusal = OPEN;
      if (!refusal && rows < skipped) refusal = RAGGED;
      if (!refusal && only_values && (places.quoted || places.returns)) refusal = UNLIKE;
      for (size_t i = 0; i < width && !refusal; i++) {
        if (plan->columns[i].is_judged || (only_values && plan->columns[i].kind > TEXT)) continue;
        for (size_t at = skipped * width + i; at < rows * width; at += width)
          sizes[i] += places.end(at) - places.begin(at);
      }
    }
    if (!refusal)
      for (size_t i = 0; i < width; i++)
        if (!made[i].prepare(plan->columns[i], rows - skipped, sizes[i], outs[i],
                             !only_values || plan->columns[i].kind <= TEXT))
          return nullptr;
    {
      const Apart apart;
      const bool looks_for_blank = plan->is_verdict || only_values;
      if (!refusal) refusal = scan_rows(block, size, *plan, places, skipped, rows, outs, looks_for_blank, may_be_blank);
      for (size_t i = 0; i < width && !refusal && only_values; i++)
        if (may_be_blank || !is_plain(plan->columns[i], outs[i])) refusal = UNLIKE;
    }
    if (refusal) return refuse(refusal);
    const Held columns(PyList_New(Py_ssize_t(width))), cut(cut_edges(block, *plan, places, skipped, rows));
    const Held starts(only_values ? list_starts(places, width, skipped, rows) : nullptr);
    if (!columns.object || !cut.object || (only_values && !starts.object)) return nullptr;
    const Held edges(only_values ? Py_BuildValue("(OO)", cut.object, starts.object) : Py_BuildValue("O", cut.object));
    if (!edges.object) return nullptr;
    for (size_t i = 0; i < width; i++) {
      PyObject* column = made[i].describe(plan->columns[i], outs[i], rows - skipped);
      if (!column || PyList_SetItem(columns.object, Py_ssize_t(i), column)) return nullptr;
    }
    auto flag = [](bool is_set) { return is_set ? Py_True : Py_False; };
    return Py_BuildValue("(inOOOOOO)", int(FINE), Py_ssize_t(rows - skipped), flag(places.quoted),
                         flag(places.returns), flag(places.odd), flag(may_be_blank), edges.object, columns.object);
  } catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
  }
}

// (block, plan) -> where each row begins, and where the last ends, as 32-bit numbers
PyObject* find_rows(PyObject*, PyObject* arguments) {
  View view;
  PyObject* capsule = nullptr;
  if (!PyArg_ParseTuple(arguments, "y*O", &view.buffer, &capsule)) return nullptr;
  auto plan = static_cast<Plan*>(PyCapsule_GetPointer(capsule, PLAN));
  if (!plan) return nullptr;
  try {
    Places places;
    find_ends(view.bytes(), view.size(), plan->delimiter, plan->has_quotes, places);
    const size_t width = plan->columns.size();
    return list_starts(places, width, 0, places.count / width);
  } catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
  }
}

// (bytes, a byte, up to) -> whether the number of times that the byte is there is odd
PyObject* is_odd(PyObject*, PyObject* arguments) {
  View view;
  unsigned char wanted = 0;
  Py_ssize_t stop = 0;
  if (!PyArg_ParseTuple(arguments, "y*bn", &view.buffer, &wanted, &stop)) return nullptr;
  stop = std::max<Py_ssize_t>(std::min(stop, view.buffer.len), 0);
  return PyBool_FromLong(is_count_odd(view.bytes(), size_t(stop), wanted));
}

PyMethodDef METHODS[] = {
    {"make_plan", make_plan, METH_VARARGS, "A plan out of what is known of columns, a delimiter and limits."},
    {"is_odd", is_odd, METH_VARARGS, "Whether a byte is an odd number of times in the first of some."},
    {"find_rows", find_rows, METH_VARARGS, "Where the rows of a block that is plain begin."},
    {"scan", scan, METH_VARARGS, "A block's rows as buffers of Arrow, with the cells that are in doubt."},
    {"measure_texts", measure_texts, METH_VARARGS, "Hashes and lengths of texts."},
    {"hash_numbers", hash_numbers, METH_VARARGS, "Hashes of numbers."},
    {"take_rows", take_rows, METH_VARARGS, "Rows of a sheet that are written as a form tells, as columns."},
    {"measure_numbers", measure_numbers, METH_VARARGS, "Lengths and counts of numbers that are plain."},
    {"shorten_numbers", shorten_numbers, METH_VARARGS, "Plain numbers, the longest as short as they can be."},
    {"write_days", write_days, METH_VARARGS, "Whole days of a workbook in ISO 8601."},
    {nullptr, nullptr, 0, nullptr},
};
PyModuleDef MODULE = {PyModuleDef_HEAD_INIT, "_native", "One pass over the bytes of a table.", -1, METHODS,
                      nullptr,               nullptr,   nullptr,                              nullptr};

}  // namespace

PyMODINIT_FUNC PyInit__native() { return PyModule_Create(&MODULE); }
