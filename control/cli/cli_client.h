/*
 * cli_client.h - one connection of amityctl to a router: a request out, its answer in.
 */
#ifndef AMITY_CLI_CLIENT_H
#define AMITY_CLI_CLIENT_H

#include <jansson.h>
#include <stdbool.h>

/* Also the exit status of amityctl (DESIGN.md section 8). */
enum cli_outcome {
	CLI_DONE = 0,
	CLI_REFUSED = 1,
	CLI_USAGE = 2,
	CLI_NO_ROUTER = 3,
};

/*
 * Asks the router at `socket_path` and waits for the answer. `may_read_only`: the read-only socket serves as well when
 * this user may not open the main one. Both outputs must be NULL before. Result: CLI_DONE and *result; CLI_REFUSED and
 * *error, the "error" member of the answer; CLI_NO_ROUTER and *error, made alike. Owner: the caller.
 */
enum cli_outcome cli_client_call(const char *socket_path, bool may_read_only, const char *method, json_t *params,
				 json_t **result, json_t **error);

#endif
