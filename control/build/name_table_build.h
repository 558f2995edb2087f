/*
 * name_table_build.h - fills the immutable maps of include/name_table.h.
 */
#ifndef AMITY_NAME_TABLE_BUILD_H
#define AMITY_NAME_TABLE_BUILD_H

#include "arena.h"
#include "name_table.h"
#include "status.h"

/* Takes memory for `count` names from the arena. */
AMITY_CHECKED enum status name_table_build(struct name_table *table, struct arena *arena, uint32_t count);

/* The bytes of `name` must live as long as the table. Result: false when the name is there already (*value untouched).
 */
bool name_table_build_add(struct name_table *table, struct span name, uint32_t value, bool fold);

#endif
