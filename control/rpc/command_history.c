#include "command.h"

#include <time.h>

#include "provision.h"
#include "router.h"

#define HISTORY_ROWS 20 /* a screen; --all shows the rest */

static void add_row(void *argument, const struct provision_history_row *row)
{
	time_t at = (time_t)row->applied_s;
	struct tm utc;
	char text[32];

	gmtime_r(&at, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	json_array_append_new(argument,
			      json_pack("{s:I, s:s, s:s, s:s, s:s, s:I, s:I, s:b, s:s}", "revision",
					(json_int_t)row->revision, "time", text, "action", row->action, "by",
					row->origin, "file", row->file_name, "companies",
					(json_int_t)row->company_count, "carriers", (json_int_t)row->carrier_count,
					"kept", row->has_document, "changes", row->summary));
}

void command_history(struct rpc_call *call, void *context)
{
	const struct router *router = context;
	struct problem_list problems = {0};
	json_t *rows = json_array();
	uint32_t most = rpc_call_flag(call, "all") ? UINT32_MAX : HISTORY_ROWS;

	if (rows && provision_history(router->provision, most, add_row, rows, &problems) == STATUS_OK) {
		rpc_call_result(call, rows);
	} else {
		json_decref(rows);
		rpc_call_refuse(call, CTL_ERROR_INTERNAL,
				json_pack("{s:o*}", "problems", problem_list_to_json(&problems)),
				"the history cannot be read");
	}
	problem_list_free(&problems);
}
