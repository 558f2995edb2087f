/*
 * cdr_writer.h - call records become lines of a file: made as they come, written a few times a second, tried again for
 * as long as the disk does not take them.
 *
 * Thread: control.
 */
#ifndef AMITY_CDR_WRITER_H
#define AMITY_CDR_WRITER_H

#include "call.h"
#include "cdr_file.h"

struct cdr_writer;
struct event_base;

struct cdr_writer_counts {
	uint64_t written, waiting;
	uint64_t lost; /* no room to wait in, or no memory */
};

/* `base` may be NULL: cdr_writer_flush() alone. Result: as cdr_file_open(), with `error`. */
enum status cdr_writer_open(struct cdr_writer **writer, struct event_base *base, const char *path, uint32_t node_id,
			    char error[CDR_FILE_ERROR_BYTES]) AMITY_CHECKED;

void cdr_writer_take(struct cdr_writer *writer, const struct call_record *record);

/* Writes what waits, and logs when that begins or ceases to fail. Result: false: something still waits. */
bool cdr_writer_flush(struct cdr_writer *writer);

/* Goes on with a new file, after the old one was moved away; logs it. Result: IO with `error`: the old one stays. */
enum status cdr_writer_rotate(struct cdr_writer *writer, char error[CDR_FILE_ERROR_BYTES]) AMITY_CHECKED;

struct cdr_writer_counts cdr_writer_counts(const struct cdr_writer *writer);

/* Why lines wait; "" while all is well. */
const char *cdr_writer_problem(const struct cdr_writer *writer);

const char *cdr_writer_path(const struct cdr_writer *writer);

/* Writes what waits; what cannot be written now is lost, and logged. NULL is allowed. */
void cdr_writer_close(struct cdr_writer *writer);

#endif
