#include "dataplane_plan.h"

#include <assert.h>
#include <stdlib.h>

#include <rte_lcore.h>
#include <rte_malloc.h>
#include <sodium.h>

#include "eal.h"
#include "lcores.h"
#include "pools.h"
#include "port.h"
#include "rings.h"
#include "md5_lanes.h"
#include "scan.h"
#include "short_aes.h"
#include "xdp_port.h"

static struct setup *owner_of(struct dataplane *dataplane)
{
	return (struct setup *)dataplane;
}

static bool is_power_of_two(uint32_t count)
{
	return (count & (count - 1)) == 0;
}

static enum status check_plan(struct setup *setup, const struct dataplane_plan *plan)
{
	if (plan->worker_count == 0 || plan->worker_count > LCORES_MAX)
		return setup_fail(setup, STATUS_INVALID, "node.lcores: %u workers; there can be 1 to %d",
				  plan->worker_count, LCORES_MAX);
	if (plan->port_count == 0 || plan->port_count > WIRE_INTERFACES_MAX)
		return setup_fail(setup, STATUS_INVALID, "interfaces: %u of them; there can be 1 to %d",
				  plan->port_count, WIRE_INTERFACES_MAX);
	if (plan->message_bytes_max == 0 || plan->message_bytes_max > DATAPLANE_MESSAGE_BYTES_MAX)
		return setup_fail(setup, STATUS_INVALID, "limits.max_message_bytes: %u; it can be 1 to %d",
				  plan->message_bytes_max, DATAPLANE_MESSAGE_BYTES_MAX);
	for (uint32_t i = 0; i < plan->port_count; i++)
		if (plan->port[i].driver == PORT_AF_XDP && plan->port[i].mtu_bytes > xdp_port_mtu_max())
			return setup_fail(setup, STATUS_INVALID,
					  "interfaces.mtu: %u of %s is over %u, the most that driver af_xdp takes",
					  plan->port[i].mtu_bytes, plan->port[i].device, xdp_port_mtu_max());
	if (!is_power_of_two(plan->nonce_set_count))
		return setup_fail(setup, STATUS_INVALID, "nonce sets come in powers of two");
	return STATUS_OK;
}

static enum status start_ports(struct setup *setup)
{
	for (uint32_t i = 0; i < setup->shared.port_count; i++) {
		enum status status = port_start(setup, &setup->port[i]);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

static enum status build(struct setup *setup, const struct dataplane_plan *plan)
{
	enum status status = check_plan(setup, plan);

	/* What the lcores' code chooses by CPU is chosen before they run: AES and hashes, the parser's scan, MD5. */
	if (sodium_init() < 0)
		return setup_fail(setup, STATUS_ENVIRONMENT, "libsodium finds no source of random bytes");
	scan_select_best();
	md5_lanes_select_best();
	short_aes_select_best();
	for (uint32_t i = 0; status == STATUS_OK && i < plan->port_count; i++)
		status = port_check(setup, plan, i);
	if (status == STATUS_OK)
		status = eal_start(setup, plan);
	if (status != STATUS_OK)
		return status;
	setup->shared.worker_count = plan->worker_count;
	status = pools_create(setup, plan);
	if (status == STATUS_OK)
		status = rings_create(setup);
	if (status == STATUS_OK)
		status = lcores_create(setup, plan);
	for (uint32_t i = 0; status == STATUS_OK && i < plan->port_count; i++)
		status = port_open(setup, plan, i);
	if (status == STATUS_OK)
		status = lcores_deal_queues(setup);
	if (status == STATUS_OK)
		status = rings_create_transmit(setup);
	return status == STATUS_OK ? start_ports(setup) : status;
}

enum status dataplane_create(struct dataplane **created, const struct dataplane_plan *plan, char *error,
			     size_t error_bytes)
{
	struct setup *setup = calloc(1, sizeof(*setup));

	if (setup == NULL)
		return STATUS_NO_MEMORY;
	setup->error = error;
	setup->error_bytes = error_bytes;
	enum status status = build(setup, plan);
	if (status != STATUS_OK) {
		dataplane_free(&setup->shared);
		return status;
	}
	*created = &setup->shared;
	return STATUS_OK;
}

enum status dataplane_check(const struct dataplane_plan *plan, char *error, size_t error_bytes)
{
	struct setup asking = {.error = error, .error_bytes = error_bytes};

	return check_plan(&asking, plan);
}

struct dataplane_memory dataplane_memory(const struct dataplane_plan *plan)
{
	return setup_memory(plan);
}

uint64_t dataplane_memory_used_bytes(void)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < rte_socket_count(); i++) {
		struct rte_malloc_socket_stats stats;
		if (rte_malloc_get_socket_stats(rte_socket_id_by_idx(i), &stats) == 0)
			bytes += stats.heap_allocsz_bytes;
	}
	return bytes;
}

const struct dataplane_port *dataplane_find_port(const struct dataplane *dataplane, uint32_t index)
{
	assert(index < dataplane->port_count);
	return &((const struct setup *)dataplane)->port[index].shown;
}

struct dataplane_port_state dataplane_read_port(const struct dataplane *dataplane, uint32_t index)
{
	assert(index < dataplane->port_count);
	return port_read_state(&((const struct setup *)dataplane)->port[index]);
}

void dataplane_port_is_up(struct dataplane *dataplane, uint32_t index)
{
	assert(index < dataplane->port_count);
	port_forget_error(&owner_of(dataplane)->port[index]);
}

enum status dataplane_set_own(struct dataplane *dataplane, const struct wire *wire)
{
	const struct setup *setup = owner_of(dataplane);
	enum status worst = STATUS_OK;

	for (uint32_t i = 0; i < dataplane->port_count; i++) {
		if (setup->port[i].xdp == NULL)
			continue;
		enum status status = xdp_port_set_own(&setup->port[i], wire);
		if (status != STATUS_OK)
			worst = status;
	}
	return worst;
}

enum status dataplane_start(struct dataplane *dataplane, char *error, size_t error_bytes)
{
	struct setup *setup = owner_of(dataplane);

	setup->error = error;
	setup->error_bytes = error_bytes;
	return lcores_launch(setup);
}

void dataplane_stop(struct dataplane *dataplane)
{
	struct setup *setup = owner_of(dataplane);

	lcores_join(setup);
	lcores_forget_transactions(setup);
	rings_drain(setup);
	for (uint32_t i = 0; i < setup->shared.port_count; i++)
		port_stop(&setup->port[i]);
}

bool dataplane_next_call(struct call_record *record, const struct dataplane *dataplane, uint64_t *cursor)
{
	const struct setup *setup = (const struct setup *)dataplane;

	assert(!setup->running);
	return lcores_next_call(record, setup, cursor);
}

uint32_t dataplane_free(struct dataplane *dataplane)
{
	struct setup *setup = owner_of(dataplane);

	uint32_t missing = 0;

	dataplane_stop(dataplane);
	for (uint32_t i = 0; i < setup->shared.port_count; i++)
		missing += port_close(&setup->port[i]);
	lcores_free(setup);
	rings_free(setup);
	missing += pools_free(setup);
	free(setup);
	return missing;
}
