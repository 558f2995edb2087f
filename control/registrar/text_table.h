/*
 * text_table.h - texts that many bindings have in common (User-Agents, domains), kept once and counted.
 *
 * A text goes with a number: the same text with another number is another entry. Entry 0 is the empty text with 0,
 * which nobody has to hold. The hash is keyed: who chooses texts does not choose where they stand. Thread: control.
 */
#ifndef AMITY_TEXT_TABLE_H
#define AMITY_TEXT_TABLE_H

#include "span.h"
#include "status.h"

#define TEXT_TABLE_NONE UINT32_MAX

struct text_table;

AMITY_CHECKED enum status text_table_create(struct text_table **table);
void text_table_free(struct text_table *table); /* NULL is fine */

/* One reference more to the text, which is copied the first time. Result: TEXT_TABLE_NONE without memory. */
uint32_t text_table_hold(struct text_table *table, struct span text, uint64_t number);

/* TEXT_TABLE_NONE is fine. */
void text_table_release(struct text_table *table, uint32_t index);

/* As long as it is held. */
struct span text_table_text(const struct text_table *table, uint32_t index);
uint64_t text_table_number(const struct text_table *table, uint32_t index);

/* Entries but for the empty one. */
uint32_t text_table_count(const struct text_table *table);

#endif
