/*
 * rpc_rig.h - a control socket with three methods, and clients of it, in one process and one thread.
 *
 * The methods: "echo" answers with its parameters, "refuse" refuses, "later" (not for reading) leaves its call open.
 */
#ifndef AMITY_TEST_RPC_RIG_H
#define AMITY_TEST_RPC_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "rpc.h"

#define RPC_RIG_LINE_BYTES_MAX 4096
#define RPC_RIG_CLIENTS_MAX    3

/* A server with three methods, and the call that "later" left open. */
struct rpc_rig {
	char path[64];
	struct event_base *base;
	struct rpc_server *server;
	struct rpc_call *open_call;
	unsigned echo_count;
};

/* What each means is at `struct rpc_server_options`. */
struct rpc_rig_times {
	uint32_t line_timeout_ms;
	uint32_t write_timeout_ms;
	uint32_t silent_min_ms;
};

/* Nothing that takes time happens in it. */
void rpc_rig_open(struct rpc_rig *rig, bool read_only);
/* Members that are 0: an hour. */
void rpc_rig_open_with(struct rpc_rig *rig, bool read_only, struct rpc_rig_times times);
/* The socket's file must be gone then. */
void rpc_rig_close(struct rpc_rig *rig);

int rpc_rig_connect(const struct rpc_rig *rig);

/* Turns the loop until nothing happens for a while. */
void rpc_rig_turn(const struct rpc_rig *rig);

/* Result: all that came back at once; the next call overwrites it. */
const char *rpc_rig_ask(const struct rpc_rig *rig, int client, const char *text);

/* The answer is one error of this code. */
void rpc_rig_assert_error(const struct rpc_rig *rig, int client, const char *text, int code);

#endif
