#include "rpc_line.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <time.h>

#define TEXT_BYTES_MIN 256

struct rpc_line {
	struct rpc_line_options options;
	struct bufferevent *stream;
	struct event *turn;	/* for the next line */
	struct event *deadline; /* for the end of the line that has begun */
	char *text;		/* of the line that has begun, taken out of the input */
	size_t length, capacity;
	size_t counted_bytes;	  /* of input and text: in the budget */
	uint64_t active_ms;	  /* when the client last did something */
	bool is_busy;		  /* a line was taken, rpc_line_next() is to come */
	bool is_closing;	  /* ends as soon as everything was written */
	bool has_stopped_sending; /* its side of the connection is closed: what it has sent is still answered */
};

static uint64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static struct timeval time_of(uint32_t ms)
{
	return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

static bool has_output(const struct rpc_line *line)
{
	return evbuffer_get_length(bufferevent_get_output(line->stream)) > 0;
}

static void count_input(struct rpc_line *line)
{
	size_t held = evbuffer_get_length(bufferevent_get_input(line->stream)) + line->length;
	line->options.budget->held_bytes += held - line->counted_bytes;
	line->counted_bytes = held;
}

static void drop_input(struct rpc_line *line)
{
	struct evbuffer *input = bufferevent_get_input(line->stream);
	evbuffer_drain(input, evbuffer_get_length(input));
	free(line->text);
	line->text = NULL;
	line->length = line->capacity = 0;
	count_input(line);
}

/* Result: true when this was the end of the connection: `line` is gone. */
static bool end_when_written(struct rpc_line *line)
{
	if (!line->is_closing || line->is_busy || has_output(line))
		return false;
	line->options.ended(line->options.argument);
	return true;
}

static void refuse(struct rpc_line *line, enum rpc_line_fault fault)
{
	bufferevent_disable(line->stream, EV_READ);
	event_del(line->deadline);
	drop_input(line);
	line->is_closing = true;
	line->options.refuse(line->options.argument, fault);
	end_when_written(line);
}

/* A turn of its own: other clients and the registrar come first. */
static void wait_for_turn(struct rpc_line *line)
{
	static const struct timeval now = {0};
	if (event_add(line->turn, &now) != 0)
		line->is_closing = true;
}

/* Result: false when memory ended. */
static bool make_room(struct rpc_line *line, size_t bytes)
{
	size_t capacity = line->capacity ? line->capacity : TEXT_BYTES_MIN;

	while (capacity < line->length + bytes + 1)
		capacity *= 2;
	if (capacity == line->capacity)
		return true;
	char *text = realloc(line->text, capacity);
	if (!text)
		return false;
	line->text = text;
	line->capacity = capacity;
	return true;
}

/* Moves what has come of the line from the input to its text: each byte is looked at once. */
static bool gather(struct rpc_line *line, bool *is_whole)
{
	struct evbuffer *input = bufferevent_get_input(line->stream);
	struct evbuffer_ptr end = evbuffer_search_eol(input, NULL, NULL, EVBUFFER_EOL_LF);
	size_t bytes = end.pos >= 0 ? (size_t)end.pos : evbuffer_get_length(input);

	*is_whole = end.pos >= 0;
	if (!make_room(line, bytes))
		return false;
	evbuffer_remove(input, line->text + line->length, bytes);
	line->length += bytes;
	line->text[line->length] = '\0';
	evbuffer_drain(input, *is_whole);
	count_input(line);
	return true;
}

static void take(struct rpc_line *line)
{
	char *text = line->text;
	size_t length = line->length;

	bufferevent_disable(line->stream, EV_READ);
	event_del(line->deadline);
	line->text = NULL;
	line->length = line->capacity = 0;
	count_input(line);
	line->is_busy = true;
	line->options.take(line->options.argument, text, length);
}

/* There is no whole line yet. */
static void read_on(struct rpc_line *line)
{
	const struct timeval limit = time_of(line->options.line_timeout_ms);

	if (line->has_stopped_sending) {
		line->is_closing = true;
		end_when_written(line);
		return;
	}
	if (line->counted_bytes > 0 && !event_pending(line->deadline, EV_TIMEOUT, NULL) &&
	    event_add(line->deadline, &limit) != 0)
		line->is_closing = true;
	bufferevent_enable(line->stream, EV_READ);
}

/* Deals with one line at most. */
static void go_on(struct rpc_line *line)
{
	bool is_whole;

	if (line->is_busy || has_output(line)) {
		bufferevent_disable(line->stream, EV_READ);
		return;
	}
	if (end_when_written(line))
		return;
	if (!gather(line, &is_whole)) {
		drop_input(line);
		line->is_closing = true;
		end_when_written(line);
	} else if (line->length > line->options.line_bytes_max) {
		refuse(line, RPC_LINE_TOO_LONG);
	} else if (is_whole) {
		take(line);
	} else if (line->options.budget->held_bytes > line->options.budget->most_bytes) {
		refuse(line, RPC_LINE_NO_ROOM);
	} else {
		read_on(line);
	}
}

static void on_turn(evutil_socket_t descriptor, short what, void *argument)
{
	(void)descriptor, (void)what;
	go_on(argument);
}

static void on_deadline(evutil_socket_t descriptor, short what, void *argument)
{
	(void)descriptor, (void)what;
	refuse(argument, RPC_LINE_TOO_SLOW);
}

static void on_readable(struct bufferevent *stream, void *argument)
{
	struct rpc_line *line = argument;

	(void)stream;
	line->active_ms = now_ms();
	count_input(line);
	go_on(line);
}

static void on_written(struct bufferevent *stream, void *argument)
{
	struct rpc_line *line = argument;

	(void)stream;
	line->active_ms = now_ms();
	go_on(line);
}

static void on_ended(struct bufferevent *stream, short what, void *argument)
{
	struct rpc_line *line = argument;

	(void)stream;
	if (what & BEV_EVENT_EOF) {
		line->has_stopped_sending = true;
		go_on(line);
		return;
	}
	line->options.ended(line->options.argument);
}

enum status rpc_line_open(struct rpc_line **line, struct event_base *base, int descriptor,
			  const struct rpc_line_options *options)
{
	const struct timeval write_timeout = time_of(options->write_timeout_ms);
	struct rpc_line *made = calloc(1, sizeof(*made));
	struct bufferevent *stream = bufferevent_socket_new(base, descriptor, BEV_OPT_CLOSE_ON_FREE);

	if (!stream)
		evutil_closesocket(descriptor);
	if (!made || !stream) {
		if (stream)
			bufferevent_free(stream);
		free(made);
		return STATUS_NO_MEMORY;
	}
	made->options = *options;
	made->stream = stream;
	made->active_ms = now_ms();
	made->turn = evtimer_new(base, on_turn, made);
	made->deadline = evtimer_new(base, on_deadline, made);
	bufferevent_setcb(stream, on_readable, on_written, on_ended, made);
	bufferevent_set_timeouts(stream, NULL, &write_timeout);
	if (!made->turn || !made->deadline || bufferevent_enable(stream, EV_READ | EV_WRITE) != 0) {
		rpc_line_free(made);
		return STATUS_NO_MEMORY;
	}
	*line = made;
	return STATUS_OK;
}

static void free_text(const void *text, size_t length, void *unused)
{
	(void)length, (void)unused;
	free((void *)text);
}

void rpc_line_write(struct rpc_line *line, char *text, size_t length)
{
	if (text && evbuffer_add_reference(bufferevent_get_output(line->stream), text, length, free_text, NULL) == 0)
		return;
	free(text);
	line->is_closing = true;
}

void rpc_line_next(struct rpc_line *line)
{
	line->is_busy = false;
	line->active_ms = now_ms();
	wait_for_turn(line);
}

uint64_t rpc_line_quiet_ms(const struct rpc_line *line)
{
	return line->is_busy || has_output(line) ? 0 : now_ms() - line->active_ms;
}

int rpc_line_descriptor(const struct rpc_line *line)
{
	return bufferevent_getfd(line->stream);
}

void rpc_line_free(struct rpc_line *line)
{
	struct evbuffer *output = bufferevent_get_output(line->stream);

	/* The answer to `stop` has just been written, and the loop, which alone may take from the buffer, has ended. */
	evbuffer_unfreeze(output, 1);
	evbuffer_write(output, bufferevent_getfd(line->stream));
	line->options.budget->held_bytes -= line->counted_bytes;
	free(line->text);
	if (line->turn)
		event_free(line->turn);
	if (line->deadline)
		event_free(line->deadline);
	bufferevent_free(line->stream);
	free(line);
}
