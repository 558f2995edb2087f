#include "rpc.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "json_text.h"
#include "log.h"

#define WRITE_TIMEOUT_S 30 /* a client that reads nothing for so long is gone */

struct rpc_client {
	LIST_ENTRY(rpc_client) link;
	struct rpc_server *server;
	struct bufferevent *stream;
	struct rpc_call *call; /* under way; NULL: none */
	struct rpc_peer peer;
	size_t searched_bytes; /* of the input: they hold no line end */
	bool reading;	       /* client_read_lines() is on the stack */
	bool closing;	       /* freed as soon as everything was said */
};

struct rpc_call {
	struct rpc_client *client; /* NULL: it went away */
	struct rpc_peer peer;
	json_t *request;
	json_t *params;
	const json_t *id; /* NULL: a notification, which is not answered */
};

struct rpc_server {
	struct rpc_server_options options;
	struct evconnlistener *listener;
	LIST_HEAD(, rpc_client) clients;
	unsigned client_count;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

static void client_read_lines(struct rpc_client *client);

static void client_free(struct rpc_client *client)
{
	if (client->call)
		client->call->client = NULL;
	LIST_REMOVE(client, link);
	client->server->client_count--;
	bufferevent_free(client->stream);
	free(client);
}

static void client_free_when_done(struct rpc_client *client)
{
	if (client->closing && !client->call && !client->reading &&
	    evbuffer_get_length(bufferevent_get_output(client->stream)) == 0)
		client_free(client);
}

static void free_text(const void *text, size_t length, void *unused)
{
	(void)length, (void)unused;
	free((void *)text);
}

/* Owner: takes `message`. */
static void client_write(struct rpc_client *client, json_t *message)
{
	char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
	struct evbuffer *output = bufferevent_get_output(client->stream);

	json_decref(message);
	if (!text) {
		client->closing = true;
		return;
	}
	if (evbuffer_add_reference(output, text, strlen(text), free_text, NULL) != 0) {
		free(text);
		client->closing = true;
		return;
	}
	evbuffer_add(output, "\n", 1);
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

	if (client) {
		client->call = NULL;
		if (call->id)
			client_write(client, message);
		else
			json_decref(message);
		bufferevent_enable(client->stream, EV_READ);
	} else {
		json_decref(message);
	}
	json_decref(call->params);
	json_decref(call->request);
	free(call);
	if (client && !client->reading)
		client_read_lines(client);
}

void rpc_call_result(struct rpc_call *call, json_t *result)
{
	call_end(call, json_pack("{s:s, s:O?, s:o}", "jsonrpc", "2.0", "id", call->id, "result", result));
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

/* A request that names a method which may run here: runs it. */
static void call_run(struct rpc_call *call)
{
	const struct rpc_server *server = call->client->server;
	const char *version = json_string_value(json_object_get(call->request, "jsonrpc"));
	const char *name = json_string_value(json_object_get(call->request, "method"));
	const json_t *params = json_object_get(call->request, "params");
	char wrong[RPC_ERROR_BYTES_MAX] = "";

	if (!version || strcmp(version, "2.0") != 0 || !name) {
		/* JSON-RPC 5: what is no request is no notification either. */
		if (!call->id)
			call->id = json_null();
		rpc_call_refuse(call, CTL_ERROR_REQUEST, NULL,
				"a request is {\"jsonrpc\":\"2.0\",\"id\":...,\"method\":...,\"params\":{...}}");
		return;
	}
	const struct rpc_method *method = method_find(server, name);
	if (!method)
		rpc_call_refuse(call, CTL_ERROR_METHOD, NULL,
				"there is no command \"%.64s\": `amityctl help` lists all", name);
	else if (server->options.read_only && !method->read_only)
		rpc_call_refuse(call, CTL_ERROR_READ_ONLY, NULL,
				"\"%s\" changes the router and %s is for reading: use the socket without \"%s\"", name,
				server->path, CTL_READ_ONLY_SUFFIX);
	else if (params && !json_is_object(params))
		rpc_call_refuse(call, CTL_ERROR_PARAMS, NULL, "\"params\" must be an object of named values");
	else if (server->options.params_fit && !server->options.params_fit(name, call->params, wrong))
		rpc_call_refuse(call, CTL_ERROR_PARAMS, NULL, "%s", wrong);
	else
		method->run(call, server->options.context);
}

static void client_take_line(struct rpc_client *client, const char *line, size_t length)
{
	json_error_t error;
	json_t *request = json_loadb(line, length, 0, &error);

	if (!json_is_object(request)) {
		char text[JSON_ERROR_TEXT_LENGTH + 64];
		snprintf(text, sizeof(text), "not a JSON-RPC request in one line: %s",
			 request ? "batches are not taken" : error.text);
		client_write(client, message_of_error(NULL, request ? CTL_ERROR_REQUEST : CTL_ERROR_PARSE, text, NULL));
		json_decref(request);
		return;
	}
	struct rpc_call *call = calloc(1, sizeof(*call));
	json_t *params = json_object_get(request, "params");
	if (call)
		call->params = params ? json_incref(params) : json_object();
	if (!call || !call->params) {
		free(call);
		json_decref(request);
		client->closing = true;
		return;
	}
	call->request = request;
	call->id = json_object_get(request, "id");
	call->peer = client->peer;
	call->client = client;
	client->call = call;
	bufferevent_disable(client->stream, EV_READ);
	call_run(call);
}

/* Result: false when no whole line has come yet. */
static bool client_next_line(struct rpc_client *client)
{
	struct evbuffer *input = bufferevent_get_input(client->stream);
	struct evbuffer_ptr from, end;
	size_t line_bytes_max = client->server->options.line_bytes_max;

	if (client->searched_bytes > evbuffer_get_length(input) ||
	    evbuffer_ptr_set(input, &from, client->searched_bytes, EVBUFFER_PTR_SET) != 0)
		return false;
	end = evbuffer_search_eol(input, &from, NULL, EVBUFFER_EOL_LF);
	size_t length = end.pos >= 0 ? (size_t)end.pos : evbuffer_get_length(input);
	if (length > line_bytes_max) {
		char text[128];
		snprintf(text, sizeof(text), "the request is longer than %zu bytes, the limit of this socket",
			 line_bytes_max);
		client_write(client, message_of_error(NULL, CTL_ERROR_TOO_MUCH, text, NULL));
		bufferevent_disable(client->stream, EV_READ);
		evbuffer_drain(input, evbuffer_get_length(input));
		client->searched_bytes = 0;
		client->closing = true;
		return false;
	}
	client->searched_bytes = length;
	if (end.pos < 0)
		return false;
	client->searched_bytes = 0;
	if (length > 0)
		client_take_line(client, (const char *)evbuffer_pullup(input, (ssize_t)length), length);
	evbuffer_drain(input, length + 1);
	return true;
}

static void client_read_lines(struct rpc_client *client)
{
	client->reading = true;
	while (!client->call && client_next_line(client))
		;
	client->reading = false;
	client_free_when_done(client);
}

static void on_readable(struct bufferevent *stream, void *argument)
{
	(void)stream;
	client_read_lines(argument);
}

static void on_written(struct bufferevent *stream, void *argument)
{
	(void)stream;
	client_free_when_done(argument);
}

static void on_ended(struct bufferevent *stream, short what, void *argument)
{
	struct rpc_client *client = argument;

	(void)stream;
	/* Who only closed its sending side still wants the answer. */
	if (what & BEV_EVENT_EOF) {
		client->closing = true;
		bufferevent_disable(client->stream, EV_READ);
		client_free_when_done(client);
		return;
	}
	client_free(client);
}

static void refuse_client(struct rpc_server *server, int descriptor)
{
	char text[160], line[320];
	snprintf(text, sizeof(text), "%u clients are connected, more are not served: close one and try again",
		 server->client_count);
	int length = snprintf(line, sizeof(line),
			      "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":%d,\"message\":\"%s\"}}\n",
			      CTL_ERROR_TOO_MUCH, text);
	/* The socket is fresh: its buffer takes a line. If not, the client sees the end of the connection. */
	if (send(descriptor, line, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_event(LOG_LEVEL_DEBUG, "control_client_refused", "errno=%d", errno);
	evutil_closesocket(descriptor);
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
	static const struct timeval write_timeout = {.tv_sec = WRITE_TIMEOUT_S};
	struct rpc_server *server = argument;

	(void)address, (void)length;
	if (server->client_count >= server->options.clients_max) {
		refuse_client(server, descriptor);
		return;
	}
	struct rpc_client *client = calloc(1, sizeof(*client));
	struct bufferevent *stream =
		bufferevent_socket_new(evconnlistener_get_base(listener), descriptor, BEV_OPT_CLOSE_ON_FREE);
	if (!client || !stream) {
		free(client);
		if (stream)
			bufferevent_free(stream);
		else
			evutil_closesocket(descriptor);
		return;
	}
	client->server = server;
	client->peer = read_peer(descriptor);
	client->stream = stream;
	LIST_INSERT_HEAD(&server->clients, client, link);
	server->client_count++;
	bufferevent_setcb(stream, on_readable, on_written, on_ended, client);
	bufferevent_set_timeouts(stream, NULL, &write_timeout);
	bufferevent_enable(stream, EV_READ | EV_WRITE);
}

static void on_accept_error(struct evconnlistener *listener, void *argument)
{
	const struct rpc_server *server = argument;

	(void)listener;
	log_event(LOG_LEVEL_WARNING, "control_accept_failed", "socket=%s error=%s", server->path,
		  log_quote(strerror(errno), strlen(strerror(errno))).text);
}

/* A socket file that nobody answers at is left over from a crash. */
static enum status remove_dead_socket(const struct sockaddr_un *address, struct problem_list *problems)
{
	struct stat file;

	if (lstat(address->sun_path, &file) != 0)
		return STATUS_OK;
	if (!S_ISSOCK(file.st_mode)) {
		problem_add(problems, "%s exists and is no socket: remove it or choose another path with --socket",
			    address->sun_path);
		return STATUS_CONFLICT;
	}
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (probe < 0)
		return STATUS_IO;
	bool answers = connect(probe, (const struct sockaddr *)address, sizeof(*address)) == 0;
	close(probe);
	if (answers) {
		problem_add(
			problems,
			"another amityd answers at %s: stop it (`amityctl stop`) or choose another path with --socket",
			address->sun_path);
		return STATUS_CONFLICT;
	}
	unlink(address->sun_path);
	return STATUS_OK;
}

static void make_parent_directory(const char *path)
{
	char parent[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char *slash;

	snprintf(parent, sizeof(parent), "%s", path);
	slash = strrchr(parent, '/');
	if (!slash || slash == parent)
		return;
	*slash = '\0';
	/* When it cannot be made, bind() says why. */
	if (mkdir(parent, 0755) != 0 && errno != EEXIST)
		log_event(LOG_LEVEL_DEBUG, "control_directory", "path=%s errno=%d", parent, errno);
}

static enum status open_listener(struct rpc_server *server, struct event_base *base, struct problem_list *problems)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	memcpy(address.sun_path, server->path, sizeof(server->path));
	make_parent_directory(server->path);
	enum status status = remove_dead_socket(&address, problems);
	if (status)
		return status;
	/* The file gets its mode when it is made: nobody slips in before a chmod. */
	mode_t before = umask(0777 & ~server->options.mode);
	server->listener =
		evconnlistener_new_bind(base, on_client, server, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, -1,
					(struct sockaddr *)&address, sizeof(address));
	int why = errno;
	umask(before);
	if (!server->listener) {
		problem_add(problems, "cannot listen at %s: %s", server->path, strerror(why));
		return STATUS_IO;
	}
	evconnlistener_set_error_cb(server->listener, on_accept_error);
	return STATUS_OK;
}

enum status rpc_server_open(struct rpc_server **server, struct event_base *base,
			    const struct rpc_server_options *options, struct problem_list *problems)
{
	struct rpc_server *made;

	if (strlen(options->path) >= sizeof(made->path)) {
		problem_add(problems, "the socket path %s is longer than the %zu bytes that the system allows",
			    options->path, sizeof(made->path) - 1);
		return STATUS_INVALID;
	}
	made = calloc(1, sizeof(*made));
	if (!made)
		return STATUS_NO_MEMORY;
	made->options = *options;
	strcpy(made->path, options->path);
	LIST_INIT(&made->clients);
	enum status status = open_listener(made, base, problems);
	if (status) {
		free(made);
		return status;
	}
	*server = made;
	return STATUS_OK;
}

void rpc_server_close(struct rpc_server *server)
{
	if (!server)
		return;
	while (!LIST_EMPTY(&server->clients)) {
		struct rpc_client *client = LIST_FIRST(&server->clients);
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): client_free() takes the client off the list */
		struct evbuffer *output = bufferevent_get_output(client->stream);
		/* The answer to `stop` has just been written; only the loop may take from the buffer, and it has ended.
		 */
		evbuffer_unfreeze(output, 1);
		evbuffer_write(output, bufferevent_getfd(client->stream));
		client_free(client);
	}
	evconnlistener_free(server->listener);
	unlink(server->path);
	free(server);
}
