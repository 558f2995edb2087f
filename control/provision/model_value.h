/*
 * model_value.h - single values of a document, by their row: texts, integers, booleans, choices. Inner part of
 * model_read.c.
 *
 * Each reads the current event and leaves it current. What is refused is reported, and the value stays as it was.
 */
#ifndef AMITY_MODEL_VALUE_H
#define AMITY_MODEL_VALUE_H

#include "model_reader.h"
#include "model_schema.h"

void model_value_read_text(struct model_reader *reader, const struct model_schema_row *row, struct model_text *value,
			   struct model_place place);
void model_value_read_integer(struct model_reader *reader, const struct model_schema_row *row,
			      struct model_number *number, struct model_place place);
void model_value_read_bool(struct model_reader *reader, const struct model_schema_row *row, struct model_number *number,
			   struct model_place place);
void model_value_read_choice(struct model_reader *reader, const struct model_schema_row *row,
			     struct model_number *number, struct model_place place);

/* "a, b or c". `choice` is NULL-terminated. */
void model_value_list_choices(char *words, size_t size, const char *const *choice);

#endif
