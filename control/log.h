/*
 * log.h - one line per event, for people and for machines: logfmt on stderr, or fields of the journal when it listens.
 *
 *   time=2026-01-31T12:00:00.123Z level=info event=apply_done revision=7 companies=3
 *
 * Lines of one event are limited to LOG_EVENTS_PER_SECOND; what was left out is told with the next line that passes.
 */
#ifndef AMITY_LOG_H
#define AMITY_LOG_H

#include <stddef.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

enum log_format {
	LOG_FORMAT_AUTO, /* journal when stderr leads there (JOURNAL_STREAM), else logfmt */
	LOG_FORMAT_LOGFMT,
	LOG_FORMAT_JOURNAL,
};

#define LOG_EVENTS_PER_SECOND 20
#define LOG_LINE_BYTES_MAX    1024 /* longer lines are cut */

/* Called once at start; without it: INFO, logfmt. Thread: control, before other threads log. */
void log_open(enum log_level level, enum log_format format);

/*
 * Writes one line: `event` is a literal in snake_case, `format` makes "key=value key=value". A value with spaces goes
 * through log_quote(). Control characters become '?', so that nothing from the network can forge a line.
 *
 * Thread: any but lcores.
 */
void log_event(enum log_level level, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));

#define LOG_QUOTED_BYTES_MAX 256

struct log_quoted {
	char text[LOG_QUOTED_BYTES_MAX];
};

/* `text` as a logfmt value: as it is, or in quotes when it holds spaces, quotes or '='. Cut when too long. */
struct log_quoted log_quote(const char *text, size_t length);

#endif
