/*
 * rpc_line.h - one client of the control socket as lines: a line in, lines out. Knows nothing of JSON.
 *
 *   input -> [a whole line] -> take() -> rpc_line_write() ... -> rpc_line_next() -> [all was written] -> the next line
 *
 * A client holds one line and one answer at most: nothing more is read before the line at hand was dealt with and the
 * client has taken what was written. Each line has a turn of the event loop of its own, so that a client that sends a
 * thousand at once delays the others, and the registrar, by no more than one.
 *
 * Thread: control.
 */
#ifndef AMITY_RPC_LINE_H
#define AMITY_RPC_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

struct event_base;
struct rpc_line;

enum rpc_line_fault {
	RPC_LINE_TOO_LONG,
	RPC_LINE_TOO_SLOW,
	RPC_LINE_NO_ROOM, /* the clients together hold too much: struct rpc_line_budget */
};

/* Bytes of input that all clients of a server hold together. */
struct rpc_line_budget {
	size_t held_bytes;
	size_t most_bytes;
};

struct rpc_line_options {
	size_t line_bytes_max;
	uint32_t line_timeout_ms;  /* from the first byte of a line to its end */
	uint32_t write_timeout_ms; /* a client that takes nothing for so long is gone */
	struct rpc_line_budget *budget;
	/* A line without its end. Owner: takes `text`, from malloc(). rpc_line_next() must follow, at once or later. */
	void (*take)(void *argument, char *text, size_t length);
	/* Says why with rpc_line_write(); the connection ends when that was written. */
	void (*refuse)(void *argument, enum rpc_line_fault fault);
	/* The client went away, or all was said: rpc_line_free() is all that is left to do. */
	void (*ended)(void *argument);
	void *argument;
};

/* Owner: the descriptor passes to *line, also when this fails. Result: NO_MEMORY. */
enum status rpc_line_open(struct rpc_line **line, struct event_base *base, int descriptor,
			  const struct rpc_line_options *options) AMITY_CHECKED;

/* `text` ends with the line's end already. Owner: takes it, from malloc(); NULL (no memory) ends the connection. */
void rpc_line_write(struct rpc_line *line, char *text, size_t length);

/* The line that take() got was dealt with. May be called in take(). */
void rpc_line_next(struct rpc_line *line);

/* Result: milliseconds since the client last did anything; 0 while it waits for an answer or takes one. */
uint64_t rpc_line_quiet_ms(const struct rpc_line *line);

/* For a last word past the buffers, to a client that holds none in them (rpc_line_quiet_ms() > 0). */
int rpc_line_descriptor(const struct rpc_line *line);

/* Sends what the socket takes at once of what was written, and ends the connection. ended() is not called. */
void rpc_line_free(struct rpc_line *line);

#endif
