#include "command_explain_diff.h"

#include <errno.h>
#include <stdlib.h>

#include "command.h"
#include "explain_diff.h"
#include "json_memory.h"
#include "provision.h"
#include "router.h"

#define LAST_DEFAULT 1000

/* A comparison under way. */
struct diffing {
	struct rpc_call *call;
	json_t *result; /* the worker's, until the call is answered */
	uint32_t dialled_count;
	struct dialled_call dialled[];
};

/* On the worker thread. */
static enum status examine(void *argument, const struct directory *live, const struct directory *candidate)
{
	struct diffing *diffing = argument;
	const struct explain_diff_input input = {live, candidate, diffing->dialled, diffing->dialled_count};

	diffing->result = explain_diff(&input);
	return diffing->result ? STATUS_OK : STATUS_NO_MEMORY;
}

static void on_done(void *argument, const struct apply_result *result)
{
	struct diffing *diffing = argument;

	json_memory_clear();
	if (result->accepted) {
		json_object_set_new(diffing->result, "revision", json_integer((json_int_t)result->revision));
		json_object_set_new(diffing->result, "dialled", json_integer(diffing->dialled_count));
		json_object_set_new(diffing->result, "wall_us", json_integer((json_int_t)result->wall_us));
		rpc_call_result(diffing->call, diffing->result);
	} else {
		rpc_call_refuse(diffing->call, CTL_ERROR_REFUSED, command_problems(result->problems),
				"cannot be compared: %u problem(s)",
				result->problems->count + result->problems->omitted);
	}
	free(diffing);
}

/* --last N; absent: LAST_DEFAULT. Result: false and the call refused when it is no number. */
static bool take_last(struct rpc_call *call, uint32_t *last)
{
	const char *text = rpc_call_text(call, "last");
	char *end;

	*last = LAST_DEFAULT;
	if (!text)
		return true;
	errno = 0;
	unsigned long long number = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno) {
		rpc_call_refuse(call, CTL_ERROR_PARAMS, NULL,
				"--last takes a number of calls, of which the last %d are kept: not \"%.32s\"",
				DIALLED_MEMORY_CALLS_MAX, text);
		return false;
	}
	*last = number < DIALLED_MEMORY_CALLS_MAX ? (uint32_t)number : DIALLED_MEMORY_CALLS_MAX;
	return true;
}

static bool is_refused(struct rpc_call *call)
{
	static const char *const others[] = {"company", "from", "identity", "to", "carrier"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (!rpc_call_text(call, others[i]))
			continue;
		rpc_call_refuse(call, CTL_ERROR_PARAMS, NULL,
				"--diff compares all that was dialled, without --%s: explain %s", others[i],
				ctl_commands[CTL_COMMAND_explain].synopsis);
		return true;
	}
	if (!rpc_call_text(call, "text")) {
		rpc_call_refuse(call, CTL_ERROR_PARAMS, NULL, "\"text\", the document itself, is missing");
		return true;
	}
	if (rpc_call_is_read_only(call)) {
		rpc_call_refuse_read_only(call, "explain --diff builds tables, as apply does");
		return true;
	}
	return false;
}

static struct diffing *diffing_make(struct rpc_call *call, const struct router *router, uint32_t last)
{
	uint32_t kept = dialled_memory_count(router->dialled), most = last < kept ? last : kept;
	struct diffing *diffing = malloc(sizeof(*diffing) + most * sizeof(diffing->dialled[0]));

	if (!diffing)
		return NULL;
	*diffing = (struct diffing){.call = call};
	diffing->dialled_count = dialled_memory_copy(diffing->dialled, router->dialled, most);
	return diffing;
}

void command_explain_diff(struct rpc_call *call, struct router *router)
{
	uint32_t last;

	if (is_refused(call) || !take_last(call, &last))
		return;
	struct diffing *diffing = diffing_make(call, router, last);
	if (!diffing) {
		rpc_call_refuse(call, CTL_ERROR_INTERNAL, NULL, "out of memory");
		return;
	}
	const struct provision_request request = {
		.action = PROVISION_EXAMINE,
		.text = span_of_text(rpc_call_text(call, "text")),
		.file_name = rpc_call_text(call, "diff"),
		.examine = examine,
	};
	enum status status = provision_submit(router->provision, &request, on_done, diffing);
	if (!status)
		return;
	free(diffing);
	rpc_call_refuse(call, CTL_ERROR_REFUSED, NULL, "%s: %s", request.file_name ? request.file_name : "",
			status == STATUS_BUSY ? "too many changes wait already: try again in a moment"
					      : status_text(status));
}
