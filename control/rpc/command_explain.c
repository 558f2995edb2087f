#include "command.h"

#include "caller_identify.h"
#include "command_explain_diff.h"
#include "explain.h"
#include "publish.h"
#include "router.h"
#include "tsc_clock.h"

static const struct carrier *carrier_named(const struct directory *directory, struct span name)
{
	for (uint32_t i = 0; i < directory->carrier_count; i++)
		if (span_equals(directory->carrier[i].name, name))
			return &directory->carrier[i];
	return NULL;
}

/* explain --carrier N --to NUMBER. Result: false after the call was refused. */
static bool read_carrier_call(struct rpc_call *call, const struct directory *directory, struct route_request *request)
{
	const char *name = rpc_call_text(call, "carrier");

	if (rpc_call_text(call, "company") || rpc_call_text(call, "from")) {
		rpc_call_refuse(call, CTL_ERROR_PARAMS, NULL,
				"either --carrier calls, or --company and --from, not both");
		return false;
	}
	request->carrier = carrier_named(directory, span_of_text(name));
	if (!request->carrier)
		rpc_call_refuse(call, CTL_ERROR_NOT_FOUND, NULL,
				"there is no carrier \"%s\": `amityctl export` shows the carriers", name);
	return request->carrier != NULL;
}

/* explain --company C --from ENDPOINT [--identity NUMBER] --to NUMBER. Result: false after the call was refused. */
static bool read_endpoint_call(struct rpc_call *call, const struct directory *directory, struct route_request *request)
{
	const char *company = rpc_call_text(call, "company"), *from = rpc_call_text(call, "from");

	if (!company || !from) {
		rpc_call_refuse(call, CTL_ERROR_PARAMS, NULL, "%s is missing: explain %s",
				company ? "--from" : "--company", ctl_commands[CTL_COMMAND_explain].synopsis);
		return false;
	}
	request->company = command_find_company(call, directory, company);
	if (!request->company)
		return false;
	request->caller = endpoint_find(request->company, span_of_text(from));
	if (!request->caller) {
		rpc_call_refuse(
			call, CTL_ERROR_NOT_FOUND, NULL,
			"company %s has no user or friend \"%s\": `amityctl users` and `amityctl friends` list them",
			company, from);
		return false;
	}
	request->from_user = request->caller->name;
	return true;
}

void command_explain(struct rpc_call *call, void *context)
{
	struct router *router = context;
	const struct explain_view view = {
		.snapshot = publish_current(router->publisher),
		.scratch = publish_control_scratch(router->publisher),
		.now_tsc = tsc_clock_now(),
	};
	const struct directory *directory = view.snapshot->directory;
	struct route_request request = {
		.number = span_of_text(rpc_call_text(call, "to")),
		.identity_user = span_of_text(rpc_call_text(call, "identity")),
	};

	if (rpc_call_text(call, "diff")) {
		command_explain_diff(call, router);
		return;
	}
	if (rpc_call_text(call, "last")) {
		rpc_call_refuse(call, CTL_ERROR_PARAMS, NULL, "--last goes with --diff FILE: explain %s",
				ctl_commands[CTL_COMMAND_explain].synopsis);
		return;
	}
	if (!rpc_call_text(call, "to")) {
		rpc_call_refuse(call, CTL_ERROR_PARAMS, NULL, "--to is missing: explain %s",
				ctl_commands[CTL_COMMAND_explain].synopsis);
		return;
	}
	if (rpc_call_text(call, "carrier") ? !read_carrier_call(call, directory, &request)
					   : !read_endpoint_call(call, directory, &request))
		return;
	json_t *explained = explain_call(&view, &request);
	if (explained)
		rpc_call_result(call, explained);
	else
		rpc_call_refuse(call, CTL_ERROR_INTERNAL, NULL, "out of memory");
}
