#define SD_JOURNAL_SUPPRESS_LOCATION
#include "log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

#define LOG_EVENT_KINDS_MAX 128

struct log_budget {
	const char *event; /* the literal's address is its identity; equal texts share a row */
	time_t second;
	uint32_t written, left_out;
};

/* The one place that every part may write to: its state is the process's, as stderr is. */
static struct {
	pthread_mutex_t lock;
	enum log_level level;
	bool journal;
	struct log_budget budget[LOG_EVENT_KINDS_MAX];
} log_state = {.lock = PTHREAD_MUTEX_INITIALIZER, .level = LOG_LEVEL_INFO};

static const char *const level_names[] = {"error", "warning", "info", "debug"};
static const int level_priorities[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};

/* systemd sets JOURNAL_STREAM to device:inode of the stream that it gave us; a redirected stderr differs. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat file;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &file) == 0 &&
	       file.st_dev == device && file.st_ino == inode;
}

void log_open(enum log_level level, enum log_format format)
{
	log_state.level = level;
	log_state.journal = format == LOG_FORMAT_JOURNAL || (format == LOG_FORMAT_AUTO && stderr_is_journal());
}

/* Result: the event's row; NULL when there are more kinds than rows: those are not limited. */
static struct log_budget *budget_find(const char *event)
{
	for (size_t i = 0; i < LOG_EVENT_KINDS_MAX; i++) {
		struct log_budget *budget = &log_state.budget[i];
		if (!budget->event)
			budget->event = event;
		if (budget->event == event || strcmp(budget->event, event) == 0)
			return budget;
	}
	return NULL;
}

/* Result: may this line be written? Then *left_out says how many were not since the last one. */
static bool budget_take(const char *event, time_t now, uint32_t *left_out)
{
	struct log_budget *budget = budget_find(event);
	*left_out = 0;
	if (!budget)
		return true;
	if (budget->second != now) {
		budget->second = now;
		budget->written = 0;
	}
	if (budget->written >= LOG_EVENTS_PER_SECOND) {
		budget->left_out++;
		return false;
	}
	budget->written++;
	*left_out = budget->left_out;
	budget->left_out = 0;
	return true;
}

static void replace_control_characters(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

static void write_logfmt(const struct timespec *now, enum log_level level, const char *event, const char *text)
{
	char line[LOG_LINE_BYTES_MAX + 160];
	struct tm utc;
	char stamp[32];

	gmtime_r(&now->tv_sec, &utc);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
	int length = snprintf(line, sizeof(line), "time=%s.%03ldZ level=%s event=%s%s%s\n", stamp,
			      now->tv_nsec / 1000000, level_names[level], event, *text ? " " : "", text);
	if (length < 0)
		return;
	if ((size_t)length >= sizeof(line)) {
		length = sizeof(line) - 1;
		line[length - 1] = '\n';
	}
	/* One write a line: lines of two threads do not mix. A stderr that does not take it has nowhere to be told. */
	ssize_t written = write(STDERR_FILENO, line, (size_t)length);
	(void)written;
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
	char text[LOG_LINE_BYTES_MAX] = "";
	struct timespec now;
	uint32_t left_out;
	va_list arguments;

	if (level > log_state.level)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	replace_control_characters(text);

	pthread_mutex_lock(&log_state.lock);
	bool allowed = budget_take(event, now.tv_sec, &left_out);
	pthread_mutex_unlock(&log_state.lock);
	if (!allowed)
		return;
	if (left_out) {
		size_t used = strlen(text);
		snprintf(text + used, sizeof(text) - used, "%slines_left_out=%u", used ? " " : "", left_out);
	}
	if (log_state.journal)
		sd_journal_send("MESSAGE=%s %s", event, text, "PRIORITY=%i", level_priorities[level], "AMITY_EVENT=%s",
				event, NULL);
	else
		write_logfmt(&now, level, event, text);
}

struct log_quoted log_quote(const char *text, size_t length)
{
	struct log_quoted quoted;
	size_t used = 0;
	bool needs_quotes = length == 0;

	for (size_t i = 0; i < length && !needs_quotes; i++)
		needs_quotes = (unsigned char)text[i] <= ' ' || strchr("\"=\\", text[i]) || text[i] == 0x7f;
	if (needs_quotes)
		quoted.text[used++] = '"';
	for (size_t i = 0; i < length && used < sizeof(quoted.text) - 3; i++) {
		if (text[i] == '"' || text[i] == '\\')
			quoted.text[used++] = '\\';
		quoted.text[used++] = text[i] ? text[i] : '?';
	}
	if (needs_quotes)
		quoted.text[used++] = '"';
	quoted.text[used] = '\0';
	return quoted;
}
