// What the functions of the module share, and those that aren't in module.cpp: measures of columns, rows of sheets.
#pragma once

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include <cstddef>
#include <cstdint>

namespace opendata {

// An owned reference.
struct Held {
  PyObject* object;
  explicit Held(PyObject* given) : object(given) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() { Py_XDECREF(object); }
};

// The bytes of an object, for as long as it is there.
struct View {
  Py_buffer buffer = {};
  View() = default;
  View(const View&) = delete;
  View& operator=(const View&) = delete;
  ~View() {
    if (buffer.obj) PyBuffer_Release(&buffer);
  }
  const uint8_t* bytes() const { return static_cast<const uint8_t*>(buffer.buf); }
  size_t size() const { return size_t(buffer.len); }
};

// While it is there, others may run Python, and its own thread may not.
struct Apart {
  PyThreadState* const state = PyEval_SaveThread();
  Apart() = default;
  Apart(const Apart&) = delete;
  Apart& operator=(const Apart&) = delete;
  ~Apart() { PyEval_RestoreThread(state); }
};

PyObject* measure_texts(PyObject*, PyObject* arguments);
PyObject* hash_numbers(PyObject*, PyObject* arguments);
PyObject* take_rows(PyObject*, PyObject* arguments);
PyObject* measure_numbers(PyObject*, PyObject* arguments);
PyObject* shorten_numbers(PyObject*, PyObject* arguments);
PyObject* write_days(PyObject*, PyObject* arguments);

}  // namespace opendata
