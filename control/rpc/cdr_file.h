/*
 * cdr_file.h - the file of call records: whole lines at its end, in batches, whatever the disk does.
 *
 * Lines wait in a buffer until cdr_file_flush(). What the disk does not take stays there for the next flush; when the
 * buffer is full, new lines are lost and counted. A line of which only a part was written is taken back, or ended when
 * that cannot be: no line is ever joined to another.
 *
 * Thread: control.
 */
#ifndef AMITY_CDR_FILE_H
#define AMITY_CDR_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "span.h"
#include "status.h"

#define CDR_FILE_BUFFER_BYTES (4u << 20) /* some seven thousand records: a second of what one lcore can end */
#define CDR_FILE_ERROR_BYTES  512

struct cdr_file;

struct cdr_file_counts {
	uint64_t written; /* lines that the system took */
	uint64_t waiting; /* in the buffer */
	uint64_t lost;	  /* no room in the buffer */
};

/*
 * Makes the file when it is not there; its directory must be. Result: IO, and `error` says what and what to do;
 * NO_MEMORY.
 */
enum status cdr_file_open(struct cdr_file **file, const char *path, char error[CDR_FILE_ERROR_BYTES]) AMITY_CHECKED;

/* Could it be opened? Touches nothing. Result: IO with `error`. */
enum status cdr_file_check(const char *path, char error[CDR_FILE_ERROR_BYTES]) AMITY_CHECKED;

/* `line` ends with its newline and has no other. Result: false: lost. */
bool cdr_file_add(struct cdr_file *file, struct span line);

/* Writes what waits. A file that was removed meanwhile is made anew. Result: IO with `error`: something still waits. */
enum status cdr_file_flush(struct cdr_file *file, char error[CDR_FILE_ERROR_BYTES]) AMITY_CHECKED;

/*
 * Goes on with what is at the path now: after the file was moved away. What waits is written to the old one first, when
 * it takes it, else to the new one with the next flush. Result: IO with `error`: the old one stays in use.
 */
enum status cdr_file_reopen(struct cdr_file *file, char error[CDR_FILE_ERROR_BYTES]) AMITY_CHECKED;

/* Bytes that wait. */
size_t cdr_file_waiting_bytes(const struct cdr_file *file);

struct cdr_file_counts cdr_file_counts(const struct cdr_file *file);

/* What waits and cannot be written now is lost. NULL is allowed. */
void cdr_file_close(struct cdr_file *file);

#endif
