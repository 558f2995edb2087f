/*
 * command.h - what amityd does for each row of ctl_commands.def. The context of every function is the struct router.
 */
#ifndef AMITY_COMMAND_H
#define AMITY_COMMAND_H

#include "ctl_commands.h"
#include "rpc.h"

struct router;

/* One a row, in their order. */
extern const struct rpc_method command_methods[CTL_COMMAND_COUNT];

/* Do "params" fit the synopsis of the row? For struct rpc_server_options. */
bool command_params_fit(const char *method, const json_t *params, char *error);

#define CTL_COMMAND(name, access, show, function, synopsis, help) rpc_method_fn function;
#include "ctl_commands.def"
#undef CTL_COMMAND

#endif
