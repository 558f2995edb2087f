#include "command.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cdr_writer.h"
#include "failure_guard.h"
#include "inquirer.h"
#include "json_memory.h"
#include "json_text.h"
#include "location_table.h"
#include "memory.h"
#include "net_mirror.h"
#include "provision.h"
#include "publish.h"
#include "registrar.h"
#include "router.h"
#include "router_calls.h"

static json_t *addresses_of(const struct wire_interface *interface)
{
	json_t *list = json_array();
	char text[JSON_TEXT_ADDRESS_BYTES_MAX];

	for (uint32_t i = 0; i < interface->address_count; i++)
		json_array_append_new(
			list, json_string(json_text_write_address(text, interface->address[i], interface->sip_port)));
	return list;
}

static const char *link_of(const struct router *router, uint32_t index, const struct dataplane_port_state *state)
{
	if (router->config->interface[index].profile == CONFIG_PROFILE_KERNEL)
		return net_mirror_link_text(net_mirror_link(router->mirror, index));
	return state->link_is_up ? "up" : "down";
}

static json_t *ports_of(const struct router *router)
{
	const struct wire *wire = net_mirror_wire(router->mirror);
	json_t *list = json_array();

	for (uint32_t i = 0; i < wire->interface_count; i++) {
		const struct wire_interface *interface = &wire->interface[i];
		const struct dataplane_port_state state = dataplane_read_port(router->dataplane, i);
		const uint8_t *mac = interface->mac;
		char text[18];
		snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
			 mac[5]);
		json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:s, s:s, s:i, s:I, s:s, s:o}", "device", interface->name, "profile",
				  router->config->interface[i].profile == CONFIG_PROFILE_KERNEL ? "kernel" : "direct",
				  "driver", dataplane_find_port(router->dataplane, i)->driver, "link",
				  link_of(router, i, &state), "mtu", (int)interface->mtu, "missed",
				  (json_int_t)state.missed, "mac", text, "addresses", addresses_of(interface)));
	}
	return list;
}

static json_int_t live_calls(const struct call_counts *counts)
{
	return (json_int_t)counts->trying + counts->ringing + counts->answered;
}

static void add_calls(json_t *object, const struct router *router, const struct inquiry_answers *answers)
{
	const struct call_counts counts = command_sum_counts(answers);

	json_object_set_new(object, "draining", json_boolean(router_calls_are_draining(router)));
	json_object_set_new(object, "calls", json_integer(live_calls(&counts)));
	json_object_set_new(object, "calls_answered", json_integer(counts.answered));
	json_object_set_new(object, "calls_max", json_integer(counts.capacity));
	json_object_set_new(object, "transactions", json_integer(counts.transactions));
	json_object_set_new(object, "transactions_max", json_integer(counts.transactions_max));
}

static void add_records(json_t *object, const struct router *router)
{
	if (!router->cdr)
		return;
	const struct cdr_writer_counts counts = cdr_writer_counts(router->cdr);
	json_object_set_new(object, "cdr",
			    json_pack("{s:s, s:I, s:I, s:I, s:s}", "path", cdr_writer_path(router->cdr), "written",
				      (json_int_t)counts.written, "waiting", (json_int_t)counts.waiting, "lost",
				      (json_int_t)counts.lost, "problem", cdr_writer_problem(router->cdr)));
}

/* `calls` of an lcore that does not answer: null. */
static json_t *lcores_of(const struct router *router, const struct inquiry_answers *answers)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < router->dataplane->worker_count; i++) {
		const struct counters *counters = router->dataplane->counters[i];
		const struct inquiry *answer = answers->answer[i];
		json_array_append_new(
			list, json_pack("{s:i, s:i, s:o, s:I, s:I, s:I}", "worker", (int)i, "cpu",
					(int)router->plan.worker_cpu[i], "calls",
					answer ? json_integer(live_calls(&answer->counts)) : json_null(), "received",
					(json_int_t)counters_load(&counters->value[COUNTER_RECEIVED]), "transmitted",
					(json_int_t)counters_load(&counters->value[COUNTER_TRANSMITTED]), "dropped",
					(json_int_t)counters_load(&counters->verdict[VERDICT_DROP])));
	}
	return list;
}

static void add_counts(json_t *object, const struct router *router)
{
	const struct model *model = provision_model(router->provision);
	const struct registrar_counts registrations = registrar_counts(router->registrar);
	json_int_t users = 0, friends = 0;

	for (uint32_t i = 0; i < model->companies.count; i++) {
		users += model_companies(model)[i].users.count;
		friends += model_companies(model)[i].friends.count;
	}
	const struct provision_counts changes = provision_counts(router->provision);

	json_object_set_new(object, "applies", json_integer((json_int_t)changes.applied));
	json_object_set_new(object, "applies_refused", json_integer((json_int_t)changes.refused));
	json_object_set_new(object, "store_failures",
			    json_integer((json_int_t)(changes.store_failures + registrations.store_failures)));
	json_object_set_new(object, "companies", json_integer(model->companies.count));
	json_object_set_new(object, "users", json_integer(users));
	json_object_set_new(object, "friends", json_integer(friends));
	json_object_set_new(object, "carriers", json_integer(model->carriers.count));
	json_object_set_new(object, "bindings", json_integer(registrations.bindings));
	json_object_set_new(object, "bindings_max", json_integer(registrations.bindings_max));
	json_object_set_new(object, "bans", json_integer(failure_guard_counts(router->guard).banned));
}

/* What was replaced waits until no lcore can hold it: numbers that stay above 0 tell of an lcore that does not end its
 * burst. */
static void add_publishing(json_t *object, const struct router *router)
{
	const struct location_table_fill fill = location_table_fill(router->location);

	json_object_set_new(object, "snapshot",
			    json_integer((json_int_t)publish_current(router->publisher)->generation));
	json_object_set_new(object, "replaced_tables_waiting", json_integer(publish_waiting(router->publisher)));
	json_object_set_new(object, "replaced_bindings_waiting", json_integer(fill.retired));
}

static json_t *status_of(const struct router *router, const struct inquiry_answers *answers)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	json_t *object =
		json_pack("{s:s, s:s, s:I, s:i, s:I, s:I}", "state", router->stopping ? "stopping" : "running",
			  "version", AMITY_VERSION, "pid", (json_int_t)getpid(), "node", (int)router->config->node.id,
			  "revision", (json_int_t)provision_revision(router->provision), "uptime_s",
			  (json_int_t)((uint64_t)now.tv_sec - router->started_s));
	add_publishing(object, router);
	add_counts(object, router);
	add_calls(object, router, answers);
	add_records(object, router);
	json_object_set_new(object, "allocator", json_string(memory_allocator()));
	json_object_set_new(object, "heap_resident_bytes", json_integer((json_int_t)memory_resident_bytes()));
	json_object_set_new(object, "dpdk_used_bytes", json_integer((json_int_t)dataplane_memory_used_bytes()));
	json_object_set_new(object, "dpdk_planned_bytes",
			    json_integer((json_int_t)dataplane_memory(&router->plan).all));
	json_object_set_new(object, "state_dir", json_string(router->config->node.state_dir));
	json_object_set_new(object, "control_socket", json_string(router->config->node.control_socket));
	json_object_set_new(object, "ports", ports_of(router));
	json_object_set_new(object, "lcores", lcores_of(router, answers));
	return object;
}

/* A question that waits for the lcores' counts. */
struct asking {
	struct rpc_call *call;
	const struct router *router;
};

static void on_counts(void *argument, const struct inquiry_answers *answers)
{
	struct asking *asking = argument;

	json_memory_clear();
	rpc_call_result(asking->call, status_of(asking->router, answers));
	free(asking);
}

void command_status(struct rpc_call *call, void *context)
{
	const struct router *router = context;
	const struct inquiry question = {.kind = INQUIRY_COUNT};
	struct asking *asking = malloc(sizeof(*asking));

	if (asking) {
		*asking = (struct asking){call, router};
		if (inquirer_ask(router->inquirer, INQUIRER_ALL, &question, on_counts, asking) == STATUS_OK)
			return;
		free(asking);
	}
	rpc_call_refuse(call, CTL_ERROR_INTERNAL, NULL, "out of memory");
}
