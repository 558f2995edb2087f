#include "command.h"

#include "router.h"

const struct rpc_method command_methods[CTL_COMMAND_COUNT] = {
#define CTL_COMMAND(name, access, show, function, synopsis, help)                                                      \
	[CTL_COMMAND_##name] = {#name, CTL_ACCESS_##access == CTL_ACCESS_READ, function},
#include "ctl_commands.def"
#undef CTL_COMMAND
};

bool command_params_fit(const char *method, const json_t *params, char *error)
{
	const struct ctl_command *command = ctl_commands_find(method);
	return command && ctl_commands_params_fit(command, params, error);
}

void command_stop(struct rpc_call *call, void *context)
{
	rpc_call_result(call, json_pack("{s:s}", "state", "stopping"));
	router_request_stop(context);
}
