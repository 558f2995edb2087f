/*
 * rpc.h - JSON-RPC 2.0 over a UNIX stream socket: one message a line, both ways (include/ctl_wire.h).
 *
 * A client has one call under way at a time, and the next only when it has taken the answer; what it sends meanwhile
 * waits in its socket. When there are too many clients, the one that is silent longest makes room. Methods are rows
 * handed in by the caller (control/rpc/ctl_commands.h); a server made with `read_only` knows only the rows that change
 * nothing.
 */
#ifndef AMITY_RPC_H
#define AMITY_RPC_H

#include <jansson.h>
#include <stdbool.h>

#include "ctl_wire.h"
#include "problem.h"
#include "status.h"

struct event_base;
struct rpc_call;
struct rpc_server;

/*
 * Answers a call with rpc_call_result() or rpc_call_refuse(), at once or later. `context` is the server's.
 * Thread: control.
 */
typedef void rpc_method_fn(struct rpc_call *call, void *context);

#define RPC_ERROR_BYTES_MAX 256

struct rpc_method {
	const char *name;
	bool read_only;
	rpc_method_fn *run;
};

struct rpc_server_options {
	const char *path; /* of the socket; a dead one of an earlier run is replaced, a living one is CONFLICT */
	unsigned mode;	  /* of the socket's file: 0600, 0660, 0666 */
	bool read_only;
	size_t line_bytes_max;	   /* longer requests end the connection with an error */
	uint32_t line_timeout_ms;  /* from the first byte of a request to its end */
	uint32_t write_timeout_ms; /* without anything taken of an answer */
	unsigned clients_max;
	uint32_t silent_ms_min; /* silent for less, a client does not make room for another */
	const struct rpc_method *methods;
	size_t method_count;
	void *context;
	/* NULL: any. Result: false, and `error` (RPC_ERROR_BYTES_MAX) says what is wrong with the parameters. */
	bool (*params_fit)(const char *method, const json_t *params, char *error);
};

/* Listens at once. `options->methods` and `context` must outlive the server. Result: CONFLICT, IO, NO_MEMORY with a
 * problem each. */
enum status rpc_server_open(struct rpc_server **server, struct event_base *base,
			    const struct rpc_server_options *options, struct problem_list *problems) AMITY_CHECKED;

/* Ends every connection and removes the socket. Calls under way may still be answered: nobody reads it. NULL is
 * allowed. */
void rpc_server_close(struct rpc_server *server);

/* Its "params": an object, empty when there were none. Owner: the call. */
const json_t *rpc_call_params(const struct rpc_call *call);

/* A member of the parameters: NULL when it is absent or not a text. */
const char *rpc_call_text(const struct rpc_call *call, const char *name);
/* Absent: false. */
bool rpc_call_flag(const struct rpc_call *call, const char *name);

/* Who is at the other end, as the kernel said when the connection came. */
struct rpc_peer {
	unsigned uid;
	int pid;
};

struct rpc_peer rpc_call_peer(const struct rpc_call *call);

/* It came by a server made with `read_only`: its answer must not hold secrets. */
bool rpc_call_is_read_only(const struct rpc_call *call);

/* Refuses what the method does not do by such a server: "\"friends recipe\" shows secrets". */
void rpc_call_refuse_read_only(struct rpc_call *call, const char *what);

/*
 * Each ends the call and frees it. Owner: `result` and `details` (may be NULL) pass to the server. A result of NULL is
 * one that there was no memory for: the call is refused with that.
 */
void rpc_call_result(struct rpc_call *call, json_t *result);
void rpc_call_refuse(struct rpc_call *call, enum ctl_error code, json_t *details, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
