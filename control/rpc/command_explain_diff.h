/*
 * command_explain_diff.h - explain --diff FILE: a way of the command explain.
 */
#ifndef AMITY_COMMAND_EXPLAIN_DIFF_H
#define AMITY_COMMAND_EXPLAIN_DIFF_H

#include "rpc.h"

struct router;

/* Answers the call when the tables of its document were built and looked at; at once when it is refused. */
void command_explain_diff(struct rpc_call *call, struct router *router);

#endif
