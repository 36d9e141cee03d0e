"""Forms made from the declared fields of a record: a layer, an initialiser, a training block."""
