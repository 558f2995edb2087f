/*
 * router.h - the router as a whole: every part, started in order and stopped in reverse (router.c has the order as a
 * table).
 *
 * The rpc commands get it as their context and read the parts; nobody else knows all of them.
 */
#ifndef AMITY_ROUTER_H
#define AMITY_ROUTER_H

#include <time.h>

#include "config.h"
#include "dataplane_plan.h"
#include "problem.h"

struct ban_table_write;
struct cdr_writer;
struct dialled_memory;
struct event;
struct event_loop;
struct failure_guard;
struct inquirer;
struct location_table;
struct net_mirror;
struct provision;
struct publisher;
struct punt_reader;
struct record_reader;
struct registrar;
struct reinject;
struct rpc_server;

#define ROUTER_SIGNALS 3

struct router {
	const struct config *config;
	struct dataplane_plan plan;
	uint64_t started_s;    /* seconds since boot */
	time_t progress_due_s; /* monotonic: when a long start is told of next */
	bool stopping;
	uint32_t parts_started;	  /* of the table in router.c */
	uint32_t packets_missing; /* in the pool, once the data plane was stopped */

	int lock_descriptor; /* of state_dir/amityd.lock */
	struct event_loop *loop;
	struct dataplane *dataplane;
	struct publisher *publisher;
	struct provision *provision;
	struct location_table *location;
	struct ban_table_write *bans;
	struct failure_guard *guard;
	struct reinject *reinject;
	struct registrar *registrar;
	struct net_mirror *mirror;
	struct inquirer *inquirer;
	struct cdr_writer *cdr; /* NULL: no records are written */
	struct record_reader *records;
	struct dialled_memory *dialled;
	struct punt_reader *punts;
	struct rpc_server *control;
	struct rpc_server *control_read_only;
	struct event *signal_event[ROUTER_SIGNALS];
	struct event *clock_event;
	struct event *watchdog_event;
};

/*
 * Starts every part. `config` outlives the router.
 *
 * Thread: the one that becomes the control thread.
 * Result: as the part that failed, with problems; what had been started is stopped again.
 */
enum status router_start(struct router *router, const struct config *config,
			 struct problem_list *problems) AMITY_CHECKED;

/* Serves until SIGTERM, SIGINT or router_request_stop(). */
enum status router_run(struct router *router) AMITY_CHECKED;

/* Ends router_run() soon. Thread: control. */
void router_request_stop(struct router *router);

/* Stops every part that was started. Result: packets that did not come back to the pool: 0 unless there is a bug. */
uint32_t router_stop(struct router *router);

/* The data plane that `config` asks for: also for `amityd --check`. */
void router_plan(struct dataplane_plan *plan, const struct config *config);

#endif
