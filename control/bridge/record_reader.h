/*
 * record_reader.h - takes the records of ended calls from the lcores' rings and hands them to who writes them.
 */
#ifndef AMITY_RECORD_READER_H
#define AMITY_RECORD_READER_H

#include "call.h"
#include "dataplane.h"
#include "status.h"

struct event_base;
struct record_reader;

/* Of one lcore, oldest first, where they lie in its ring: they end with the call. */
typedef void record_reader_take_fn(void *argument, const struct call_record *records, uint32_t count);

/*
 * Starts looking, on a timer of `base` (may be NULL: record_reader_poll() alone). `take` may be NULL: records are
 * thrown away. `dataplane` outlives it. Thread: control.
 */
AMITY_CHECKED enum status record_reader_create(struct record_reader **reader, struct dataplane *dataplane,
					       struct event_base *base, record_reader_take_fn *take, void *argument);

/* One look at all rings, which takes all that is there. Result: records taken. */
uint32_t record_reader_poll(struct record_reader *reader);

/* Takes what is left: after the lcores ended. NULL is allowed. */
void record_reader_free(struct record_reader *reader);

#endif
