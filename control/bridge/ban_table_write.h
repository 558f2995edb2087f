/*
 * ban_table_write.h - the one writer of the ban table (include/ban_table.h).
 */
#ifndef AMITY_BAN_TABLE_WRITE_H
#define AMITY_BAN_TABLE_WRITE_H

#include "ban_table.h"
#include "dataplane.h"
#include "status.h"

struct ban_table_write;

/* Thread: control, before lcores start. Result: STATUS_NO_MEMORY; *write untouched. */
AMITY_CHECKED enum status ban_table_write_create(struct ban_table_write **write, uint32_t bans_max,
						 struct dataplane *dataplane);

/* Thread: control, after the lcores ended. NULL is fine. */
void ban_table_write_free(struct ban_table_write *write);

/* For publish_bans(): the same pointer for the table's whole life. */
const struct ban_table *ban_table_write_table(const struct ban_table_write *write);

/* Bans `key` from now on for `seconds`, or changes the end of its ban. Result: STATUS_LIMIT when full. Thread: control.
 */
AMITY_CHECKED enum status ban_table_write_put(struct ban_table_write *write, const struct ban_key *key,
					      uint32_t seconds);

/* Result: false when it was not banned. Thread: control. */
bool ban_table_write_remove(struct ban_table_write *write, const struct ban_key *key);

#endif
