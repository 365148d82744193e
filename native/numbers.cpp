// Numbers of a sheet that are written as they shall be: what `opendata/intake/layout/workbook_facts.py` asks of them.
#include <algorithm>
#include <string_view>

#include "python.h"

namespace opendata {
namespace {

constexpr size_t CODE = 5, LONG_WHOLE = 10;  // digits of whole numbers

size_t count_digits(std::string_view text) {
  return size_t(std::find_if(text.begin(), text.end(), [](char sign) { return sign < '0' || sign > '9'; }) -
                text.begin());
}

// Whether a number has no needless sign, digit or exponent; `whole` is how many digits it has if it has no fraction.
bool is_plain(std::string_view text, size_t& whole) {
  const bool is_negative = !text.empty() && text[0] == '-';
  text.remove_prefix(is_negative);
  whole = count_digits(text);
  if (!whole || (text[0] == '0' && whole > 1)) return false;
  if (whole == text.size()) return !(is_negative && text == "0");
  const std::string_view fraction = text.substr(whole + 1);
  const bool is_fraction = text[whole] == '.' && !fraction.empty() && count_digits(fraction) == fraction.size();
  whole = 0;
  return is_fraction && fraction.back() != '0';
}

struct Found {
  Py_ssize_t count = 0, first = 0;
  void add(Py_ssize_t at) {
    if (!count++) first = at;
  }
};

}  // namespace

// (texts) -> (length of the longest, how many are empty, how many are whole, unsigned and have 5 digits or more, the
// place of the first, how many have 10 digits or more, the place of the first); None where one isn't plain.
PyObject* measure_numbers(PyObject*, PyObject* arguments) {
  PyObject* texts = nullptr;
  if (!PyArg_ParseTuple(arguments, "O!", &PyList_Type, &texts)) return nullptr;
  Py_ssize_t longest = 0, empties = 0;
  Found codes, wholes;
  for (Py_ssize_t at = 0; at < PyList_Size(texts); at++) {
    Py_ssize_t size = 0;
    const char* const text = PyUnicode_AsUTF8AndSize(PyList_GetItem(texts, at), &size);
    if (!text) return nullptr;
    size_t whole = 0;
    if (!size)
      empties++;
    else if (!is_plain({text, size_t(size)}, whole))
      Py_RETURN_NONE;
    longest = std::max(longest, size);
    if (whole >= CODE && text[0] != '-') codes.add(at);
    if (whole >= LONG_WHOLE) wholes.add(at);
  }
  return Py_BuildValue("(nnnnnn)", longest, empties, codes.count, codes.first, wholes.count, wholes.first);
}

}  // namespace opendata
