#include "cdr_writer.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "call_json.h"
#include "json_memory.h"
#include "log.h"

#define FLUSH_MS	100
#define RETRY_MS	1000
#define FLUSH_BYTES	(256u << 10) /* so much is written without waiting for the timer */
#define LOG_AGAIN_TRIES 60	     /* how often what still fails is logged: once a minute */

struct cdr_writer {
	struct cdr_file *file;
	struct event *timer;
	struct call_json_view view;
	uint32_t failed_tries; /* in a row */
	uint64_t lost;	       /* for want of memory */
	uint64_t lost_before;  /* when the disk began to fail */
	char problem[CDR_FILE_ERROR_BYTES];
	char path[]; /* as configured */
};

static void start_timer(struct cdr_writer *writer, unsigned ms)
{
	const struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000};

	if (writer->timer)
		event_add(writer->timer, &wait);
}

static void on_timer(evutil_socket_t descriptor, short events, void *argument)
{
	struct cdr_writer *writer = argument;

	(void)descriptor, (void)events;
	if (!cdr_writer_flush(writer))
		start_timer(writer, RETRY_MS);
}

enum status cdr_writer_open(struct cdr_writer **writer, struct event_base *base, const char *path, uint32_t node_id,
			    char error[CDR_FILE_ERROR_BYTES])
{
	struct cdr_writer *made = calloc(1, sizeof(*made) + strlen(path) + 1);

	json_memory_init();
	if (!made)
		return STATUS_NO_MEMORY;
	strcpy(made->path, path);
	made->view.node_id = node_id;
	enum status status = cdr_file_open(&made->file, path, error);
	if (status == STATUS_OK && base) {
		made->timer = evtimer_new(base, on_timer, made);
		status = made->timer ? STATUS_OK : STATUS_NO_MEMORY;
	}
	if (status) {
		cdr_file_close(made->file);
		free(made);
		return status;
	}
	*writer = made;
	return STATUS_OK;
}

/* A record is written whole, or not. */
static char *line_of(const struct cdr_writer *writer, const struct call_record *record)
{
	char *line = NULL;

	json_memory_clear();
	json_t *object = call_json_record(record, &writer->view);
	if (object && !json_memory_was_short())
		line = json_memory_dump(object);
	json_decref(object);
	json_memory_clear();
	return line;
}

void cdr_writer_take(struct cdr_writer *writer, const struct call_record *record)
{
	char *line = line_of(writer, record);

	if (!line) {
		writer->lost++;
		log_event(LOG_LEVEL_ERROR, "cdr_lost", "reason=memory");
		return;
	}
	size_t length = strlen(line);
	/* Its NUL makes room for the line's end. */
	line[length] = '\n';
	cdr_file_add(writer->file, span_make(line, length + 1));
	free(line);
	/* While the disk fails, the timer tries again. */
	if (cdr_file_waiting_bytes(writer->file) >= FLUSH_BYTES && !writer->failed_tries)
		cdr_writer_flush(writer);
	else if (writer->timer && !event_pending(writer->timer, EV_TIMEOUT, NULL))
		start_timer(writer, FLUSH_MS);
}

static uint64_t lost_lines(const struct cdr_writer *writer)
{
	return writer->lost + cdr_file_counts(writer->file).lost;
}

static void note_failure(struct cdr_writer *writer)
{
	if (writer->failed_tries == 0)
		writer->lost_before = lost_lines(writer);
	if (writer->failed_tries++ % LOG_AGAIN_TRIES == 0)
		log_event(LOG_LEVEL_ERROR, "cdr_not_written", "waiting=%llu lost=%llu error=%s",
			  (unsigned long long)cdr_file_counts(writer->file).waiting,
			  (unsigned long long)(lost_lines(writer) - writer->lost_before),
			  log_quote(writer->problem, strlen(writer->problem)).text);
}

static void note_success(struct cdr_writer *writer)
{
	if (writer->failed_tries)
		log_event(LOG_LEVEL_INFO, "cdr_written_again", "path=%s lost=%llu", writer->path,
			  (unsigned long long)(lost_lines(writer) - writer->lost_before));
	writer->failed_tries = 0;
	writer->problem[0] = '\0';
}

bool cdr_writer_flush(struct cdr_writer *writer)
{
	bool written = cdr_file_flush(writer->file, writer->problem) == STATUS_OK;

	if (written)
		note_success(writer);
	else
		note_failure(writer);
	return written;
}

enum status cdr_writer_rotate(struct cdr_writer *writer, char error[CDR_FILE_ERROR_BYTES])
{
	enum status status = cdr_file_reopen(writer->file, error);
	struct cdr_file_counts counts = cdr_file_counts(writer->file);

	if (status)
		log_event(LOG_LEVEL_ERROR, "cdr_not_rotated", "error=%s", log_quote(error, strlen(error)).text);
	else
		log_event(LOG_LEVEL_INFO, "cdr_rotated", "path=%s written=%llu waiting=%llu", writer->path,
			  (unsigned long long)counts.written, (unsigned long long)counts.waiting);
	return status;
}

struct cdr_writer_counts cdr_writer_counts(const struct cdr_writer *writer)
{
	struct cdr_file_counts counts = cdr_file_counts(writer->file);
	return (struct cdr_writer_counts){counts.written, counts.waiting, lost_lines(writer)};
}

const char *cdr_writer_problem(const struct cdr_writer *writer)
{
	return writer->problem;
}

const char *cdr_writer_path(const struct cdr_writer *writer)
{
	return writer->path;
}

void cdr_writer_close(struct cdr_writer *writer)
{
	if (!writer)
		return;
	if (!cdr_writer_flush(writer))
		log_event(LOG_LEVEL_ERROR, "cdr_lost", "reason=stop count=%llu",
			  (unsigned long long)cdr_file_counts(writer->file).waiting);
	if (writer->timer)
		event_free(writer->timer);
	cdr_file_close(writer->file);
	free(writer);
}
