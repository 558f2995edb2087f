/*
 * name_table_build.h - fills the immutable maps of include/name_table.h.
 */
#ifndef AMITY_NAME_TABLE_BUILD_H
#define AMITY_NAME_TABLE_BUILD_H

#include "arena.h"
#include "name_table.h"
#include "status.h"

#define NAME_TABLE_BUILD_MAX (UINT32_MAX / 4)

/* How many a table of so many names has. */
uint32_t name_table_build_slots(uint32_t count);

/* Takes memory for `count` names from the arena. Result: STATUS_LIMIT for more than NAME_TABLE_BUILD_MAX. */
AMITY_CHECKED enum status name_table_build(struct name_table *table, struct arena *arena, uint32_t count);

/* The bytes of `name` must live as long as the table. Result: false when the name is there already (*value untouched).
 */
bool name_table_build_add(struct name_table *table, struct span name, uint32_t value, bool fold);

/* A table of which another copy is wanted, with a few names more or less. Its texts stay whose they are. */
AMITY_CHECKED enum status name_table_build_copy(struct name_table *table, struct arena *arena,
						const struct name_table *from);

/* Does it hold so many names in all? A table made for none does not. */
bool name_table_build_has_room(const struct name_table *table, uint64_t count);

/* Nothing happens when the name is absent. */
void name_table_build_remove(struct name_table *table, struct span name, bool fold);
void name_table_build_set(struct name_table *table, struct span name, uint32_t value, bool fold);

/* Values are indices, of which `removed` is no more: those above are one less now. */
void name_table_build_close_up(struct name_table *table, uint32_t removed);

#endif
