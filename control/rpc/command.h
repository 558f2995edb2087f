/*
 * command.h - what amityd does for each row of ctl_commands.def. The context of every function is the struct router.
 */
#ifndef AMITY_COMMAND_H
#define AMITY_COMMAND_H

#include "ctl_commands.h"
#include "rpc_server.h"

struct router;

/* One a row, in their order. */
extern const struct rpc_method command_methods[CTL_COMMAND_COUNT];

#define CTL_COMMAND(name, access, show, function, synopsis, help) rpc_method_fn function;
#include "ctl_commands.def"
#undef CTL_COMMAND

/* "192.0.2.1:5060", "[2001:db8::1]:5060"; without port when it is 0. */
#define COMMAND_ADDRESS_BYTES_MAX 64
const char *command_address_text(char text[COMMAND_ADDRESS_BYTES_MAX], const uint8_t ip[16], uint16_t port);

#endif
