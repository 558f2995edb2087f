#include "router.h"

#include <event2/event.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "event_loop.h"
#include "log.h"
#include "memory.h"
#include "router_calls.h"
#include "router_network.h"
#include "router_parts.h"

/* What `node.idle` means to a worker; one row a word. */
static const struct {
	uint32_t spin_polls, sleep_us_max;
	bool sleeps_between;
} idle_policies[] = {
	[CONFIG_IDLE_SPIN] = {UINT32_MAX, 0, false},
	[CONFIG_IDLE_BALANCED] = {1000, 200, false},
	[CONFIG_IDLE_SAVE] = {0, 2000, true},
};

static const enum memory_plan memory_plans[] = {
	[CONFIG_MEMORY_AUTO] = MEMORY_AUTO,
	[CONFIG_MEMORY_HUGE] = MEMORY_HUGE,
	[CONFIG_MEMORY_NO_HUGE] = MEMORY_NO_HUGE,
};

/* The order of start; they are stopped in reverse. A part may use those above it. */
static const struct router_part {
	const char *name;
	enum status (*start)(struct router *router, struct problem_list *problems);
	void (*stop)(struct router *router);
} parts[] = {
	{"state directory", router_parts_start_state, router_parts_stop_state},
	{"event loop", router_parts_start_loop, router_parts_stop_loop},
	{"data plane", router_parts_start_dataplane, router_parts_stop_dataplane},
	{"publisher", router_parts_start_publisher, router_parts_stop_publisher},
	{"provisioning", router_parts_start_provision, router_parts_stop_provision},
	{"tables", router_parts_start_tables, router_parts_stop_tables},
	{"registrar", router_parts_start_registrar, router_parts_stop_registrar},
	{"network", router_network_start, router_network_stop},
	{"calls", router_calls_start, router_calls_stop},
	{"lcores", router_parts_start_lcores, router_parts_stop_lcores},
	{"punts", router_parts_start_punts, router_parts_stop_punts},
	{"control sockets", router_parts_start_rpc, router_parts_stop_rpc},
	{"signals", router_parts_start_signals, router_parts_stop_signals},
};
#define PART_COUNT (sizeof(parts) / sizeof(parts[0]))

static void plan_port(struct port_plan *port, const struct config_interface *interface)
{
	port->profile = interface->profile == CONFIG_PROFILE_KERNEL ? PORT_KERNEL : PORT_DIRECT;
	port->driver = interface->driver == CONFIG_DRIVER_AF_XDP ? PORT_AF_XDP : PORT_AF_PACKET;
	snprintf(port->device, sizeof(port->device), "%s", interface->device);
	port->mtu_bytes = (uint16_t)interface->mtu_bytes;
	port->sip_port = (uint16_t)interface->sip_port;
}

void router_plan(struct dataplane_plan *plan, const struct config *config)
{
	memset(plan, 0, sizeof(*plan));
	plan->worker_count = config->node.lcores.count;
	memcpy(plan->worker_cpu, config->node.lcores.cpu, sizeof(plan->worker_cpu));
	if (plan->worker_count == 0) {
		plan->worker_count = 1;
		plan->worker_cpu[0] = config_last_cpu();
	}
	for (uint32_t i = 0; i < config->interface_count; i++)
		plan_port(&plan->port[i], &config->interface[i]);
	plan->port_count = config->interface_count;
	plan->memory = memory_plans[config->node.memory];
	plan->table_bytes = memory_table_bytes(config);
	plan->message_bytes_max = config->limits.max_message_bytes;
	plan->challenge_md5_only = config->digest.offer == CONFIG_DIGEST_MD5;
	plan->transaction_count = config->limits.max_transactions;
	plan->call_count = config->limits.max_calls;
	plan->call_duration_s_max = config->limits.max_call_duration_s;
	plan->spin_polls = idle_policies[config->node.idle].spin_polls;
	plan->sleep_us_max = idle_policies[config->node.idle].sleep_us_max;
	plan->sleeps_between = idle_policies[config->node.idle].sleeps_between;
	plan->gather_us = config->node.gather_us;
}

static uint64_t seconds_since_boot(void)
{
	struct timespec now;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec;
}

enum status router_start(struct router *router, const struct config *config, struct problem_list *problems)
{
	memset(router, 0, sizeof(*router));
	router->config = config;
	router->lock_descriptor = -1;
	router->started_s = seconds_since_boot();
	router_plan(&router->plan, config);
	while (router->parts_started < PART_COUNT) {
		const struct router_part *part = &parts[router->parts_started];
		enum status status = part->start(router, problems);
		if (status) {
			/* A start that failed has undone itself. */
			if (!problem_list_has_any(problems))
				problem_add(problems, "%s: %s", part->name, status_text(status));
			router_stop(router);
			return status;
		}
		router->parts_started++;
	}
	sd_notify(0, "READY=1");
	log_event(LOG_LEVEL_INFO, "started", "version=%s node=%u workers=%u", AMITY_VERSION, config->node.id,
		  router->plan.worker_count);
	return STATUS_OK;
}

enum status router_run(struct router *router)
{
	return event_loop_run(router->loop);
}

void router_request_stop(struct router *router)
{
	router->stopping = true;
	event_loop_stop(router->loop);
}

uint32_t router_stop(struct router *router)
{
	router->stopping = true;
	if (router->parts_started == PART_COUNT) {
		sd_notify(0, "STOPPING=1");
		log_event(LOG_LEVEL_INFO, "stopping", "uptime_s=%llu",
			  (unsigned long long)(seconds_since_boot() - router->started_s));
	}
	while (router->parts_started > 0)
		parts[--router->parts_started].stop(router);
	return router->packets_missing;
}
