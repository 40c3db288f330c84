//! What a row does to the contact that it is about, field by field.
