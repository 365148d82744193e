"""The words of schemas: types, patterns, and what their properties are called in a workbook or a grid."""
