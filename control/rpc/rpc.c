#include "rpc.h"

#include <errno.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "json_memory.h"
#include "json_text.h"
#include "log.h"
#include "rpc_line.h"
#include "rpc_socket.h"

#define ACCEPT_PAUSE_MS 500 /* after accept() failed (no descriptor is left): without it the loop would spin */

struct rpc_client {
	LIST_ENTRY(rpc_client) link;
	struct rpc_server *server;
	struct rpc_line *line;
	struct rpc_call *call; /* under way; NULL: none */
	struct rpc_peer peer;
};

struct rpc_call {
	struct rpc_client *client; /* NULL: it went away */
	struct rpc_peer peer;
	bool is_read_only;
	json_t *request;
	json_t *params;
	const json_t *id; /* NULL: a notification, which is not answered */
};

struct rpc_server {
	struct rpc_server_options options;
	struct rpc_socket socket;
	struct event *accept_again;
	struct rpc_line_budget budget;
	LIST_HEAD(, rpc_client) clients;
	unsigned client_count;
};

/* ---- answers ---- */

/* Owner: takes `message`. NULL (no memory) ends the connection. */
static void client_write(struct rpc_client *client, json_t *message)
{
	char *text = message ? json_memory_dump(message) : NULL;
	size_t length = text ? strlen(text) : 0;
	json_decref(message);
	/* Its NUL makes room for the line's end. */
	if (text)
		text[length] = '\n';
	rpc_line_write(client->line, text, length + 1);
}

static json_t *message_of_error(const json_t *id, enum ctl_error code, const char *text, json_t *details)
{
	json_t *error = json_pack("{s:i, s:o, s:o*}", "code", code, "message", json_text_make(span_of_text(text)),
				  "data", details);
	return json_pack("{s:s, s:O?, s:o}", "jsonrpc", "2.0", "id", id, "error", error);
}

static void call_end(struct rpc_call *call, json_t *message)
{
	struct rpc_client *client = call->client;

	if (client && call->id)
		client_write(client, message);
	else
		json_decref(message);
	json_decref(call->params);
	json_decref(call->request);
	free(call);
	json_memory_clear();
	if (!client)
		return;
	client->call = NULL;
	rpc_line_next(client->line);
}

void rpc_call_result(struct rpc_call *call, json_t *result)
{
	if (result && !json_memory_was_short()) {
		call_end(call, json_pack("{s:s, s:O?, s:o}", "jsonrpc", "2.0", "id", call->id, "result", result));
		return;
	}
	json_decref(result);
	rpc_call_refuse(call, CTL_ERROR_INTERNAL, NULL,
			"out of memory: the command may have done its work, but its answer is not whole");
}

void rpc_call_refuse(struct rpc_call *call, enum ctl_error code, json_t *details, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	call_end(call, message_of_error(call->id, code, text, details));
}

const json_t *rpc_call_params(const struct rpc_call *call)
{
	return call->params;
}

const char *rpc_call_text(const struct rpc_call *call, const char *name)
{
	return json_string_value(json_object_get(call->params, name));
}

bool rpc_call_flag(const struct rpc_call *call, const char *name)
{
	return json_is_true(json_object_get(call->params, name));
}

bool rpc_call_is_read_only(const struct rpc_call *call)
{
	return call->is_read_only;
}

void rpc_call_refuse_read_only(struct rpc_call *call, const char *what)
{
	rpc_call_refuse(call, CTL_ERROR_READ_ONLY, NULL,
			"%s, and this socket is for reading: use the one without \"%s\"", what, CTL_READ_ONLY_SUFFIX);
}

struct rpc_peer rpc_call_peer(const struct rpc_call *call)
{
	return call->peer;
}

static const struct rpc_method *method_find(const struct rpc_server *server, const char *name)
{
	for (size_t i = 0; i < server->options.method_count; i++)
		if (strcmp(server->options.methods[i].name, name) == 0)
			return &server->options.methods[i];
	return NULL;
}

/* ---- requests ---- */

static void refuse_method(struct rpc_call *call, const char *name)
{
	/* Bytes of a character that the cut goes through become '?'. */
	rpc_call_refuse(call, CTL_ERROR_METHOD, NULL, "there is no command \"%.64s\": `amityctl help` lists all", name);
}

/* A request that names a method which may run here: runs it. */
static void call_run(struct rpc_call *call)
{
	const struct rpc_server *server = call->client->server;
	const char *name = json_string_value(json_object_get(call->request, "method"));
	const json_t *params = json_object_get(call->request, "params");
	const struct rpc_method *method = method_find(server, name);
	char wrong[RPC_ERROR_BYTES_MAX] = "";

	if (!method)
		refuse_method(call, name);
	else if (server->options.read_only && !method->read_only)
		rpc_call_refuse(call, CTL_ERROR_READ_ONLY, NULL,
				"\"%s\" changes the router or shows secrets, and %s is for reading: use the socket "
				"without \"%s\"",
				name, server->socket.path, CTL_READ_ONLY_SUFFIX);
	else if (params && !json_is_object(params))
		rpc_call_refuse(call, CTL_ERROR_PARAMS, NULL, "\"params\" must be an object of named values");
	else if (server->options.params_fit && !server->options.params_fit(name, call->params, wrong))
		rpc_call_refuse(call, CTL_ERROR_PARAMS, NULL, "%s", wrong);
	else
		method->run(call, server->options.context);
}

/* JSON-RPC 4: a text, a number or null. It is repeated in the answer, so that it is not long either. */
static bool is_id(const json_t *id)
{
	return json_is_number(id) || json_is_null(id) ||
	       (json_is_string(id) && json_string_length(id) <= CTL_ID_BYTES_MAX);
}

/* Result: NULL, or what is wrong with a request as such. */
static const char *find_fault(const json_t *request)
{
	const char *version = json_string_value(json_object_get(request, "jsonrpc"));
	const json_t *id = json_object_get(request, "id");

	if (json_is_array(request))
		return "batches are not taken: send a request a line";
	if (!version || strcmp(version, "2.0") != 0 || !json_is_string(json_object_get(request, "method")))
		return "a request is {\"jsonrpc\":\"2.0\",\"id\":...,\"method\":...,\"params\":{...}}";
	return !id || is_id(id) ? NULL : "\"id\" must be a number, null, or a text that is not long";
}

/* JSON-RPC 5: what is no request is no notification either, and its id is not known. */
static void refuse_line(struct rpc_client *client, enum ctl_error code, const char *what, const char *why)
{
	char text[JSON_ERROR_TEXT_LENGTH + 64];

	snprintf(text, sizeof(text), "%s: %s", what, why);
	client_write(client, message_of_error(NULL, code, text, NULL));
	rpc_line_next(client->line);
}

static void refuse_text(struct rpc_client *client, const json_error_t *error)
{
	if (json_memory_was_short())
		refuse_line(client, CTL_ERROR_INTERNAL, "out of memory", "the request could not be read");
	else
		refuse_line(client, CTL_ERROR_PARSE, "not a JSON-RPC request in one line", error->text);
}

static struct rpc_call *call_make(struct rpc_client *client, json_t *request)
{
	struct rpc_call *call = calloc(1, sizeof(*call));
	json_t *params = json_object_get(request, "params");

	params = params ? json_incref(params) : json_object();
	if (!call || !params) {
		json_decref(params);
		free(call);
		return NULL;
	}
	*call = (struct rpc_call){client,  client->peer, client->server->options.read_only,
				  request, params,	 json_object_get(request, "id")};
	return call;
}

static void take_line(void *argument, char *line, size_t length)
{
	struct rpc_client *client = argument;
	json_error_t error;

	if (length == 0) {
		free(line);
		rpc_line_next(client->line);
		return;
	}
	json_t *request = json_memory_load(line, length, &error);
	/* It may be long, and the call may take its time. */
	free(line);
	if (!request) {
		refuse_text(client, &error);
		return;
	}
	const char *fault = find_fault(request);
	client->call = fault ? NULL : call_make(client, request);
	if (client->call) {
		call_run(client->call);
		return;
	}
	json_decref(request);
	if (fault)
		refuse_line(client, CTL_ERROR_REQUEST, "not a JSON-RPC request", fault);
	else
		refuse_line(client, CTL_ERROR_INTERNAL, "out of memory", "the request could not be run");
}

/* ---- clients ---- */

static void client_free(struct rpc_client *client)
{
	if (client->call)
		client->call->client = NULL;
	LIST_REMOVE(client, link);
	client->server->client_count--;
	rpc_line_free(client->line);
	free(client);
}

static void end_client(void *argument)
{
	client_free(argument);
}

static void refuse_fault(void *argument, enum rpc_line_fault fault)
{
	struct rpc_client *client = argument;
	char text[160] = "";

	switch (fault) {
	case RPC_LINE_TOO_LONG:
		snprintf(text, sizeof(text), "the request is longer than %zu bytes, the limit of this socket",
			 client->server->options.line_bytes_max);
		break;
	case RPC_LINE_TOO_SLOW:
		snprintf(text, sizeof(text), "the end of the line did not come within %u s",
			 client->server->options.line_timeout_ms / 1000);
		break;
	case RPC_LINE_NO_ROOM:
		snprintf(text, sizeof(text),
			 "the requests of all clients together are longer than %zu bytes: try again",
			 client->server->budget.most_bytes);
		break;
	}
	client_write(client, message_of_error(NULL, CTL_ERROR_TOO_MUCH, text, NULL));
}

/* To who holds nothing in our buffers: the socket's own takes a line. If not, it sees the end of the connection. */
static void say_too_much(int descriptor, const char *text)
{
	char line[320];
	int length = snprintf(line, sizeof(line),
			      "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":%d,\"message\":\"%s\"}}\n",
			      CTL_ERROR_TOO_MUCH, text);
	if (send(descriptor, line, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_event(LOG_LEVEL_DEBUG, "control_client_refused", "errno=%d", errno);
	/* What it has sent and nobody reads would make the kernel drop our word at close() (ECONNRESET). */
	shutdown(descriptor, SHUT_RD);
	while (recv(descriptor, line, sizeof(line), MSG_DONTWAIT) > 0)
		;
}

/* Silent clients do not lock anybody out: the one that was silent longest makes room. Result: false: all are busy. */
static bool make_room(struct rpc_server *server)
{
	struct rpc_client *client, *silent = NULL;
	uint64_t longest_ms = server->options.silent_ms_min;

	LIST_FOREACH(client, &server->clients, link)
	{
		uint64_t quiet_ms = rpc_line_quiet_ms(client->line);
		if (!quiet_ms || quiet_ms < longest_ms)
			continue;
		silent = client;
		longest_ms = quiet_ms;
	}
	if (!silent)
		return false;
	say_too_much(rpc_line_descriptor(silent->line), "another client wants in, and this one was silent longest");
	client_free(silent);
	return true;
}

static struct rpc_peer read_peer(int descriptor)
{
	struct ucred kernel = {.uid = (uid_t)-1};
	socklen_t length = sizeof(kernel);

	/* It cannot fail for a connected UNIX socket; nobody is then what remains. */
	getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &kernel, &length);
	return (struct rpc_peer){kernel.uid, kernel.pid};
}

static void on_client(struct evconnlistener *listener, evutil_socket_t descriptor, struct sockaddr *address, int length,
		      void *argument)
{
	struct rpc_server *server = argument;

	(void)address, (void)length;
	if (server->client_count >= server->options.clients_max && !make_room(server)) {
		say_too_much(descriptor, "too many clients are connected and at work: try again in a moment");
		evutil_closesocket(descriptor);
		return;
	}
	struct rpc_client *client = calloc(1, sizeof(*client));
	const struct rpc_line_options options = {
		.line_bytes_max = server->options.line_bytes_max,
		.line_timeout_ms = server->options.line_timeout_ms,
		.write_timeout_ms = server->options.write_timeout_ms,
		.budget = &server->budget,
		.take = take_line,
		.refuse = refuse_fault,
		.ended = end_client,
		.argument = client,
	};
	if (!client) {
		evutil_closesocket(descriptor);
		return;
	}
	if (rpc_line_open(&client->line, evconnlistener_get_base(listener), descriptor, &options)) {
		free(client);
		return;
	}
	client->server = server;
	client->peer = read_peer(descriptor);
	LIST_INSERT_HEAD(&server->clients, client, link);
	server->client_count++;
}

/* ---- the server ---- */

static void on_accept_again(evutil_socket_t descriptor, short what, void *argument)
{
	const struct rpc_server *server = argument;

	(void)descriptor, (void)what;
	evconnlistener_enable(server->socket.listener);
}

/* Who wants in stays in the kernel's queue meanwhile. */
static void on_accept_error(struct evconnlistener *listener, void *argument)
{
	static const struct timeval pause = {.tv_usec = ACCEPT_PAUSE_MS * 1000};
	const struct rpc_server *server = argument;
	const char *error = strerror(errno);

	if (event_add(server->accept_again, &pause) == 0)
		evconnlistener_disable(listener);
	log_event(LOG_LEVEL_WARNING, "control_accept_failed", "socket=%s error=%s", server->socket.path,
		  log_quote(error, strlen(error)).text);
}

enum status rpc_server_open(struct rpc_server **server, struct event_base *base,
			    const struct rpc_server_options *options, struct problem_list *problems)
{
	struct rpc_server *made = calloc(1, sizeof(*made));
	enum status status = STATUS_NO_MEMORY;

	if (!made)
		return STATUS_NO_MEMORY;
	json_memory_init();
	made->options = *options;
	made->budget.most_bytes = 2 * options->line_bytes_max;
	LIST_INIT(&made->clients);
	made->accept_again = evtimer_new(base, on_accept_again, made);
	if (made->accept_again)
		status = rpc_socket_open(&made->socket, base, options->path, options->mode, on_client, made, problems);
	if (status) {
		if (made->accept_again)
			event_free(made->accept_again);
		free(made);
		return status;
	}
	evconnlistener_set_error_cb(made->socket.listener, on_accept_error);
	*server = made;
	return STATUS_OK;
}

void rpc_server_close(struct rpc_server *server)
{
	if (!server)
		return;
	while (!LIST_EMPTY(&server->clients))
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): client_free() takes the client off the list */
		client_free(LIST_FIRST(&server->clients));
	rpc_socket_close(&server->socket);
	event_free(server->accept_again);
	free(server);
}
