#include "command.h"

#include "cdr_writer.h"
#include "router.h"
#include "router_calls.h"

void command_cdr(struct rpc_call *call, void *context)
{
	struct router *router = context;
	char error[ROUTER_CALLS_ERROR_BYTES] = "";

	if (!rpc_call_flag(call, "rotate")) {
		rpc_call_refuse(call, CTL_ERROR_PARAMS, NULL, "\"rotate\" must be true: cdr %s",
				ctl_commands[CTL_COMMAND_cdr].synopsis);
		return;
	}
	if (router_calls_rotate(router, error)) {
		rpc_call_refuse(call, CTL_ERROR_REFUSED, NULL, "%s", error);
		return;
	}
	struct cdr_writer_counts counts = cdr_writer_counts(router->cdr);
	rpc_call_result(call, json_pack("{s:s, s:I, s:I, s:I}", "path", cdr_writer_path(router->cdr), "written",
					(json_int_t)counts.written, "waiting", (json_int_t)counts.waiting, "lost",
					(json_int_t)counts.lost));
}
