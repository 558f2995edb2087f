#include "cli_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl_wire.h"

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

static int connect_to_router(const char *path, bool may_read_only)
{
	int descriptor = connect_to(path);
	if (descriptor >= 0)
		return descriptor;
	int why = errno;
	if (why == EACCES && may_read_only) {
		char read_only[sizeof(((struct sockaddr_un *)0)->sun_path)];
		snprintf(read_only, sizeof(read_only), "%s%s", path, CTL_READ_ONLY_SUFFIX);
		descriptor = connect_to(read_only);
		if (descriptor >= 0)
			return descriptor;
	}
	if (why == EACCES)
		fprintf(stderr,
			"amityctl: not allowed to open %s: try it with sudo, or join the group that owns the socket\n",
			path);
	else if (why == ENOENT || why == ECONNREFUSED)
		fprintf(stderr,
			"amityctl: no router answers at %s: is amityd running? Start it with `sudo amityd --interface "
			"IFNAME`, "
			"or name its socket with --socket\n",
			path);
	else
		fprintf(stderr, "amityctl: cannot connect to %s: %s\n", path, strerror(why));
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

static json_t *receive_answer(FILE *stream)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t length = getline(&line, &size, stream);
	json_t *answer = length > 0 ? json_loadb(line, (size_t)length, 0, NULL) : NULL;

	free(line);
	return answer;
}

enum cli_outcome cli_client_call(const char *socket_path, bool may_read_only, const char *method, json_t *params,
				 json_t **result, json_t **error)
{
	int descriptor = connect_to_router(socket_path, may_read_only);
	if (descriptor < 0)
		return CLI_NO_ROUTER;
	FILE *stream = fdopen(descriptor, "r+");
	if (!stream) {
		close(descriptor);
		return CLI_NO_ROUTER;
	}
	/* A refusal (too many clients, line too long) may come before all was sent: listen in any case. */
	bool sent = send_request(stream, method, params);
	json_t *answer = receive_answer(stream);
	fclose(stream);
	*result = json_incref(json_object_get(answer, "result"));
	*error = json_incref(json_object_get(answer, "error"));
	json_decref(answer);
	if (*error)
		return CLI_REFUSED;
	if (*result)
		return CLI_DONE;
	fprintf(stderr, "amityctl: the router at %s ended the connection %s: its log says why\n", socket_path,
		sent ? "without an answer" : "before the request was sent");
	return CLI_NO_ROUTER;
}
