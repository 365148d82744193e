// Numbers of a sheet that are written as they shall be: what `opendata/intake/layout/workbook_facts.py` asks of them.
#include <algorithm>
#include <cstdio>
#include <string_view>

#include "python.h"

namespace opendata {
namespace {

constexpr size_t CODE = 5, LONG_WHOLE = 10;  // digits of whole numbers
constexpr int FIRST_DAY = 61, LAST_DAY = 2958465;  // 1900-03-01, from which on all days are right, and 9999-12-31
constexpr int DAYS_BEFORE = 693899;                // from 0000-03-01 to 1899-12-30

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

// YYYY-MM-DD of a number of whole days since 1899-12-30, from March 1900 to the year 9999. A year begins in March here.
bool write_day(std::string_view text, char (&day)[11]) {
  if (text.size() < 2 || text.size() > 7 || text[0] == '0' || count_digits(text) != text.size()) return false;
  int number = 0;
  for (const char sign : text) number = number * 10 + (sign - '0');
  if (number < FIRST_DAY || number > LAST_DAY) return false;
  const int since = number + DAYS_BEFORE, era = since / 146097, of_era = since % 146097;
  const int year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const int of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
  const int values[] = {era * 400 + year + (month > 9), month + (month > 9 ? -9 : 3), of_year - (153 * month + 2) / 5 + 1};
  std::snprintf(day, sizeof day, "%04d-%02d-%02d", values[0], values[1], values[2]);
  return true;
}

// A list with what `make` makes of each text that isn't empty; None where it makes nothing of one.
template <typename MAKE>
PyObject* convert_all(PyObject* texts, MAKE make) {
  const Py_ssize_t count = PyList_Size(texts);
  const Held found(PyList_New(count));
  for (Py_ssize_t at = 0; at < count && found.object; at++) {
    PyObject* const item = PyList_GetItem(texts, at);
    Py_ssize_t size = 0;
    const char* const text = PyUnicode_AsUTF8AndSize(item, &size);
    if (!text) return nullptr;
    PyObject* const made = size ? make(item, std::string_view(text, size_t(size))) : Py_NewRef(item);
    if (!made && PyErr_Occurred()) return nullptr;
    if (!made) Py_RETURN_NONE;
    PyList_SetItem(found.object, at, made);
  }
  return found.object ? Py_NewRef(found.object) : nullptr;
}

}  // namespace

// (texts) -> whole days of a workbook in ISO 8601, empty ones empty; None where one isn't a usual day.
PyObject* write_days(PyObject*, PyObject* arguments) {
  PyObject* texts = nullptr;
  if (!PyArg_ParseTuple(arguments, "O!", &PyList_Type, &texts)) return nullptr;
  return convert_all(texts, [](PyObject*, std::string_view text) -> PyObject* {
    char day[11];
    return write_day(text, day) ? PyUnicode_FromStringAndSize(day, 10) : nullptr;
  });
}

// (plain numbers, digits) -> those longer than the digits as Python writes them shortest, but for whole ones without a
// sign; None where one would get an exponent or be whole.
PyObject* shorten_numbers(PyObject*, PyObject* arguments) {
  PyObject* texts = nullptr;
  Py_ssize_t digits = 0;
  if (!PyArg_ParseTuple(arguments, "O!n", &PyList_Type, &texts, &digits)) return nullptr;
  return convert_all(texts, [digits](PyObject* item, std::string_view text) -> PyObject* {
    if (Py_ssize_t(text.size()) <= digits || count_digits(text) == text.size()) return Py_NewRef(item);
    const double value = PyOS_string_to_double(text.data(), nullptr, nullptr);
    if (value == -1 && PyErr_Occurred()) return nullptr;
    char* const made = PyOS_double_to_string(value, 'r', 0, Py_DTSF_ADD_DOT_0, nullptr);
    if (!made) return PyErr_NoMemory();
    const std::string_view shortest(made);
    const bool is_plain = shortest.find('e') == shortest.npos && shortest.substr(shortest.size() - 2) != ".0";
    PyObject* const found = is_plain ? PyUnicode_FromStringAndSize(made, Py_ssize_t(shortest.size())) : nullptr;
    PyMem_Free(made);
    return found;
  });
}

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
