// Hashes of the values of a column without nulls, and the lengths of texts. `opendata/tables/arrow/distinct.py` has the
// same function of a value and its bytes; what is remembered of hashes is the same too.
#include "python.h"

#include <cstdint>
#include <cstring>
#include <new>
#include <vector>

namespace opendata {
namespace {

constexpr uint64_t MIX = 0x9E3779B97F4A7C15, STIR = 0xD6E8FEB86659FD93;
constexpr size_t LONG = 256;  // of more bytes no text is hashed here

uint64_t mix(uint64_t found) {
  found ^= found >> 32;
  found *= STIR;
  found ^= found >> 29;
  return found * MIX;
}

// The hashes that may be among the smallest, and that weren't met lately.
class Kept {
 public:
  // `slots` are a power of two of hashes, each at the place of its last bits; none: all hashes are kept.
  bool prepare(const View& slots, uint64_t bound) {
    if (slots.buffer.obj) {
      const size_t count = slots.size() / 8;
      if (!count || (count & (count - 1)) || slots.size() % 8 || uintptr_t(slots.buffer.buf) % 8) return false;
      slots_ = static_cast<uint64_t*>(slots.buffer.buf);
      mask_ = count - 1;
    }
    bound_ = bound;
    return true;
  }
  void take(uint64_t hash) {
    if (slots_) {
      if (hash >= bound_) return;
      uint64_t& slot = slots_[hash & mask_];
      if (slot == hash) return;
      slot = hash;
    }
    found_.push_back(hash);
  }
  void reserve(size_t count) {
    if (!slots_) found_.reserve(count);
  }
  PyObject* list() const {
    return PyBytes_FromStringAndSize(reinterpret_cast<const char*>(found_.data()), Py_ssize_t(found_.size() * 8));
  }

 private:
  uint64_t* slots_ = nullptr;
  uint64_t mask_ = 0, bound_ = UINT64_MAX;
  std::vector<uint64_t> found_;
};

// Up to eight bytes as a number, the first as the lowest; `left` bytes may be read.
uint64_t read_word(const uint8_t* text, size_t size, size_t left) {
  uint64_t word = 0;
  if (left >= 8) {
    std::memcpy(&word, text, 8);
    return size >= 8 ? word : word & ((uint64_t(1) << 8 * size) - 1);
  }
  for (size_t i = 0; i < size; i++) word |= uint64_t(text[i]) << 8 * i;
  return word;
}

size_t count_continued(uint64_t word) {
  const uint64_t found = (word >> 7) & ~(word >> 6) & 0x0101010101010101u;
  return size_t((found * 0x0101010101010101u) >> 56);
}

enum Outcome { FINE, TOO_LONG, BEYOND };

struct Lengths {
  size_t shortest = SIZE_MAX, longest = 0;
};

// Looked at before anything is remembered: texts that are refused here are hashed elsewhere.
Outcome look(const int32_t* offsets, size_t rows, size_t all) {
  Outcome outcome = FINE;
  for (size_t row = 0; row < rows; row++) {
    const int64_t begin = offsets[row], end = offsets[row + 1];
    if (begin < 0 || end < begin || size_t(end) > all) return BEYOND;
    if (size_t(end - begin) > LONG) outcome = TOO_LONG;
  }
  return outcome;
}

Outcome hash_all(const int32_t* offsets, size_t rows, const View& data, const uint64_t* factors, Kept& kept,
                 Lengths& lengths) {
  const uint8_t* bytes = data.bytes();
  const size_t all = data.size();
  const Outcome outcome = look(offsets, rows, all);
  if (outcome != FINE) return outcome;
  for (size_t row = 0; row < rows; row++) {
    const size_t begin = size_t(offsets[row]), size = size_t(offsets[row + 1]) - begin;
    uint64_t found = size * MIX;
    size_t characters = size;
    for (size_t at = 0; at < size; at += 8) {
      const size_t place = begin + at;
      uint64_t part = read_word(bytes + place, size - at, all - place);
      characters -= count_continued(part);
      part ^= part >> 32;
      found += part * factors[at / 8];
    }
    if (characters < lengths.shortest) lengths.shortest = characters;
    if (characters > lengths.longest) lengths.longest = characters;
    kept.take(mix(found));
  }
  return FINE;
}

PyObject* refuse(const char* why) {
  PyErr_SetString(PyExc_ValueError, why);
  return nullptr;
}

}  // namespace

// (offsets, first, rows, data, factors, slots or None, bound) -> (hashes, shortest, longest), or None: a text is long
PyObject* measure_texts(PyObject*, PyObject* arguments) {
  View offsets, data, factors, slots;
  Py_ssize_t first = 0, rows = 0;
  PyObject* memory = nullptr;
  unsigned long long bound = 0;
  if (!PyArg_ParseTuple(arguments, "y*nny*y*OK", &offsets.buffer, &first, &rows, &data.buffer, &factors.buffer, &memory,
                        &bound))
    return nullptr;
  if (memory != Py_None && PyObject_GetBuffer(memory, &slots.buffer, PyBUF_WRITABLE)) return nullptr;
  const size_t ends = offsets.size() / 4;
  if (first < 0 || rows < 0 || size_t(first) >= ends || size_t(rows) >= ends - size_t(first))
    return refuse("more texts than offsets");
  if (factors.size() != LONG || uintptr_t(factors.buffer.buf) % 8 || uintptr_t(offsets.buffer.buf) % 4)
    return refuse("a factor for each word of a text, and numbers where they belong");
  Kept kept;
  if (!kept.prepare(slots, bound)) return refuse("slots are a power of two");
  Lengths lengths;
  Outcome outcome = FINE;
  bool is_short = false;
  Py_BEGIN_ALLOW_THREADS;
  try {
    kept.reserve(size_t(rows));
    outcome = hash_all(reinterpret_cast<const int32_t*>(offsets.bytes()) + first, size_t(rows), data,
                       reinterpret_cast<const uint64_t*>(factors.bytes()), kept, lengths);
  } catch (const std::bad_alloc&) {
    is_short = true;
  }
  Py_END_ALLOW_THREADS;
  if (is_short) return PyErr_NoMemory();
  if (outcome == BEYOND) return refuse("an offset points beyond the texts");
  if (outcome == TOO_LONG) Py_RETURN_NONE;
  PyObject* hashes = kept.list();
  if (!hashes) return nullptr;
  if (!rows) lengths.shortest = 0;
  return Py_BuildValue("(Nnn)", hashes, Py_ssize_t(lengths.shortest), Py_ssize_t(lengths.longest));
}

// (numbers, bytes of each: 4 or 8, first, rows, slots or None, bound) -> hashes
PyObject* hash_numbers(PyObject*, PyObject* arguments) {
  View numbers, slots;
  Py_ssize_t width = 0, first = 0, rows = 0;
  PyObject* memory = nullptr;
  unsigned long long bound = 0;
  if (!PyArg_ParseTuple(arguments, "y*nnnOK", &numbers.buffer, &width, &first, &rows, &memory, &bound)) return nullptr;
  if (memory != Py_None && PyObject_GetBuffer(memory, &slots.buffer, PyBUF_WRITABLE)) return nullptr;
  if (width != 4 && width != 8) return refuse("numbers have 4 or 8 bytes");
  const size_t count = numbers.size() / size_t(width);
  if (first < 0 || rows < 0 || size_t(first) > count || size_t(rows) > count - size_t(first))
    return refuse("more rows than numbers");
  Kept kept;
  if (!kept.prepare(slots, bound)) return refuse("slots are a power of two");
  bool is_short = false;
  Py_BEGIN_ALLOW_THREADS;
  try {
    kept.reserve(size_t(rows));
    const uint8_t* at = numbers.bytes() + first * width;
    for (Py_ssize_t row = 0; row < rows; row++, at += width) {
      int64_t wide = 0;
      int32_t narrow = 0;
      if (width == 8) {
        std::memcpy(&wide, at, 8);
      } else {
        std::memcpy(&narrow, at, 4);
        wide = narrow;
      }
      kept.take(mix(uint64_t(wide) * MIX));
    }
  } catch (const std::bad_alloc&) {
    is_short = true;
  }
  Py_END_ALLOW_THREADS;
  return is_short ? PyErr_NoMemory() : kept.list();
}

}  // namespace opendata
