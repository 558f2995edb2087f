#include "cli_client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "ctl_wire.h"

#define TRIES_MAX 10 /* when too many clients are connected: for more than two seconds in all */

/* Result: descriptor, or -1 with errno set. */
static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (descriptor < 0)
		return -1;
	if (connect(descriptor, (struct sockaddr *)&address, sizeof(address)) == 0)
		return descriptor;
	int why = errno;
	close(descriptor);
	errno = why;
	return -1;
}

static json_t *error_make(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* An "error" as a router would answer it. */
static json_t *error_make(const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return json_pack("{s:i, s:s}", "code", CTL_ERROR_NO_ROUTER, "message", text);
}

static json_t *error_of_connect(const char *path, bool may_read_only, int why)
{
	if (why == EACCES || why == EPERM)
		return error_make("not allowed to open %s%s: try it with sudo, or join the group that owns the socket",
				  path,
				  may_read_only ? ""
						: ", and the socket for reading (" CTL_READ_ONLY_SUFFIX
						  ") does not take this command");
	if (why == ENOENT || why == ECONNREFUSED || why == ENOTDIR)
		return error_make("no router answers at %s: is amityd running? Start it with `sudo amityd --interface "
				  "IFNAME`, or name its socket with --socket",
				  path);
	return error_make("cannot connect to %s: %s", path, strerror(why));
}

/* Result: descriptor, or -1 and *error. */
static int connect_to_router(const char *path, bool may_read_only, json_t **error)
{
	int descriptor = connect_to(path);
	if (descriptor >= 0)
		return descriptor;
	int why = errno;
	if (why == EACCES && may_read_only) {
		char read_only[sizeof(((struct sockaddr_un *)0)->sun_path) + sizeof(CTL_READ_ONLY_SUFFIX)];
		snprintf(read_only, sizeof(read_only), "%s%s", path, CTL_READ_ONLY_SUFFIX);
		descriptor = connect_to(read_only);
		if (descriptor >= 0)
			return descriptor;
	}
	*error = error_of_connect(path, may_read_only, why);
	return -1;
}

static bool send_request(FILE *stream, const char *method, json_t *params)
{
	json_t *request =
		json_pack("{s:s, s:i, s:s, s:O}", "jsonrpc", "2.0", "id", 1, "method", method, "params", params);
	char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
	bool sent = text && fputs(text, stream) >= 0 && fputc('\n', stream) != EOF && fflush(stream) == 0;

	free(text);
	json_decref(request);
	return sent;
}

/* *ended: the connection was over before a line was whole. Result: NULL then, or when the line is no answer. */
static json_t *receive_answer(FILE *stream, bool *ended)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t length = getline(&line, &size, stream);

	*ended = length <= 0 || line[length - 1] != '\n';
	json_t *answer = *ended ? NULL : json_loadb(line, (size_t)length, 0, NULL);
	free(line);
	return answer;
}

static bool is_error(const json_t *error)
{
	return json_is_integer(json_object_get(error, "code")) && json_is_string(json_object_get(error, "message"));
}

/* One connection, one request. */
static enum cli_outcome call_once(const char *path, bool may_read_only, const char *method, json_t *params,
				  json_t **result, json_t **error)
{
	bool ended;
	int descriptor = connect_to_router(path, may_read_only, error);
	if (descriptor < 0)
		return CLI_NO_ROUTER;
	/* Two streams: one whose writing failed does not read any more. */
	int second = dup(descriptor);
	FILE *out = second >= 0 ? fdopen(second, "w") : NULL, *in = out ? fdopen(descriptor, "r") : NULL;
	if (!in) {
		if (out)
			fclose(out);
		close(descriptor);
		*error = error_make("cannot talk to %s: %s", path, strerror(errno));
		return CLI_NO_ROUTER;
	}
	/* A refusal (too many clients, line too long) may come before all was sent: listen in any case. */
	bool sent = send_request(out, method, params);
	json_t *answer = receive_answer(in, &ended);
	fclose(out);
	fclose(in);
	json_t *said = json_object_get(answer, "result"), *refused = json_object_get(answer, "error");
	enum cli_outcome outcome = is_error(refused) ? CLI_REFUSED : said && !refused ? CLI_DONE : CLI_NO_ROUTER;
	if (outcome == CLI_DONE)
		*result = json_incref(said);
	else if (outcome == CLI_REFUSED)
		*error = json_incref(refused);
	else if (ended)
		*error = error_make("the router at %s ended the connection %s: its log says why", path,
				    sent ? "without an answer" : "before the request was sent");
	else
		*error = error_make("what answers at %s is no amityd: name its socket with --socket", path);
	json_decref(answer);
	return outcome;
}

enum cli_outcome cli_client_call(const char *socket_path, bool may_read_only, const char *method, json_t *params,
				 json_t **result, json_t **error)
{
	static const struct timespec pause = {.tv_nsec = CTL_SILENT_MS_MIN * 1000000L / 4};
	enum cli_outcome outcome = CLI_REFUSED;

	/* A router makes room for one that comes again: clients that are silent for CTL_SILENT_MS_MIN give way. */
	for (int try = 0; try < TRIES_MAX && outcome == CLI_REFUSED; try++) {
		if (try > 0)
			nanosleep(&pause, NULL);
		json_decref(*error);
		*error = NULL;
		outcome = call_once(socket_path, may_read_only, method, params, result, error);
		if (json_integer_value(json_object_get(*error, "code")) != CTL_ERROR_TOO_MUCH)
			break;
	}
	return outcome;
}
