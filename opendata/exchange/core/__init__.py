"""What the vocabularies share: texts by language, terms of code lists, the files of a version."""
