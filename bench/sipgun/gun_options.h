/*
 * gun_options.h - what sipgun was asked for.
 */
#ifndef AMITY_GUN_OPTIONS_H
#define AMITY_GUN_OPTIONS_H

#include "gun_frame.h"

#include <stdio.h>

#define GUN_SIDES 2

enum gun_side_name { GUN_CALLER, GUN_CALLEE };

/* GUN_WORKLOAD(NAME, "name", "what --rate counts") */
#define GUN_WORKLOADS(GUN_WORKLOAD)                                                                                    \
	GUN_WORKLOAD(CALL, "call", "calls")                                                                            \
	GUN_WORKLOAD(INVITE_AUTH, "invite_auth", "calls")                                                              \
	GUN_WORKLOAD(REGISTER, "register", "registrations")                                                            \
	GUN_WORKLOAD(IN_DIALOG, "in_dialog", "requests")                                                               \
	GUN_WORKLOAD(FLOOD, "flood", "calls")                                                                          \
	GUN_WORKLOAD(OPTIONS, "options", "requests")                                                                   \
	GUN_WORKLOAD(REPLAY, "replay", "packets")

enum gun_workload {
#define GUN_WORKLOAD(name, text, counts) GUN_WORKLOAD_##name,
	GUN_WORKLOADS(GUN_WORKLOAD)
#undef GUN_WORKLOAD
		GUN_WORKLOAD_COUNT
};

/* ADDRESS[/PREFIX][:PORT] */
struct gun_place {
	in_addr_t address_be;
	in_port_t port_be;
	uint32_t prefix;
};

struct gun_options {
	const char *device[GUN_SIDES];
	uint32_t device_count;
	struct gun_place own[GUN_SIDES];
	struct gun_place router[GUN_SIDES];
	struct gun_mac router_mac[GUN_SIDES];
	bool has_router_mac[GUN_SIDES];
	struct gun_place garbage_from; /* address 0: the caller's */
	const char *pool;
	const char *pcap;
	uint32_t workload; /* enum gun_workload */
	uint32_t method;   /* enum sip_method, of in_dialog */
	double rate, duration_s, warm_up_s, drain_s;
	double loss_percent, garbage_percent, fail_percent;
	uint32_t calls_max, buffers, hold_ms, ring_ms, seed, lcore, expires_s;
	bool no_retransmit, no_huge, json, progress, find_limit, has_lcore;
};

enum gun_options_result {
	GUN_OPTIONS_OK,
	GUN_OPTIONS_HELP,  /* asked for, and printed */
	GUN_OPTIONS_WRONG, /* said on standard error */
};

enum gun_options_result gun_options_read(struct gun_options *options, int argc, char **argv);

/* The name of a workload, and what its rate counts. */
const char *gun_options_workload(uint32_t workload);
const char *gun_options_counts(uint32_t workload);

#endif
