#include "pipeline.h"

#include <arpa/inet.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <rte_udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ban_table_write.h"
#include "eal.h"
#include "frame_write.h"
#include "location_table.h"
#include "must.h"
#include "provision.h"
#include "publish.h"
#include "punt_reader.h"
#include "registrar.h"
#include "reinject.h"
#include "setup.h"
#include "uri_parse.h"

#define RING_SIZE   1024
#define WORKERS_MAX 3

struct pipeline {
	struct dataplane *dataplane;
	struct publisher *publisher;
	struct provision *provision;
	struct location_table *location;
	struct ban_table_write *bans;
	struct reinject *reinject;
	struct registrar *registrar;
	struct punt_reader *punt_reader;
	struct event_base *event_base;
	struct rte_ring *receive, *transmit;
	uint16_t port_id;
	uint32_t kernel_sent;
	struct pipeline_message kernel_message; /* length 0: none, or taken */
	char state_dir[64];
	struct wire wire;
	struct wire_interface interface;
	struct wire_route route[4];
	struct wire_neighbour neighbour[3 * 256];
};

static const uint8_t router_mac[6] = {2, 0, 0, 0, 0, 1};

static void parse_address(struct net_address *address, const char *text)
{
	const char *colon = strrchr(text, ':');
	*address = (struct net_address){.port = (uint16_t)atoi(colon + 1)};
	must(uri_parse_ip(address->ip, span_make(text, (size_t)(colon - text))));
}

/* Neighbours sorted by ip, as struct wire wants them: 192.0.2.x, 198.51.100.x and 2001:db8::x for every x. */
static void fill_wire(struct pipeline *pipeline)
{
	static const char *const prefixes[] = {"192.0.2.0", "198.51.100.0", "2001:db8::"};
	struct wire_interface *interface = &pipeline->interface;
	uint32_t count = 0;

	*interface = (struct wire_interface){
		.port_id = pipeline->port_id, .mtu = 1500, .sip_port = 5060, .address_count = 3, .name = "ring"};
	memcpy(interface->mac, router_mac, 6);
	must(uri_parse_ip(interface->address[0], span_of_text("192.0.2.1")));
	must(uri_parse_ip(interface->address[1], span_of_text("2001:db8::1")));
	must(uri_parse_ip(interface->address[2], span_of_text("2001:db8::10"))); /* as RFC 5118 calls it */
	for (uint32_t i = 0; i < 3; i++) {
		struct wire_route *route = &pipeline->route[i == 2 ? 0 : i + 1];
		must(uri_parse_ip(route->prefix.ip, span_of_text(prefixes[i])));
		route->prefix.length_bits = i == 2 ? 64 : 96 + 24;
	}
	for (uint32_t which = 0; which < 3; which++)
		for (uint32_t i = 0; i < 256; i++) {
			/* Sorted bytewise: ::ffff:192..., ::ffff:198..., 2001:... */
			struct wire_neighbour *neighbour = &pipeline->neighbour[count++];
			uri_parse_ip(neighbour->ip, span_of_text(prefixes[which]));
			neighbour->ip[15] = (uint8_t)i;
			memcpy(neighbour->mac, (uint8_t[]){2, 0, 0, 1, (uint8_t)which, (uint8_t)i}, 6);
		}
	pipeline->wire = (struct wire){.interface = interface,
				       .route = pipeline->route,
				       .neighbour = pipeline->neighbour,
				       .interface_count = 1,
				       .route_count = 3,
				       .neighbour_count = count};
	/* 192.0.2.99 does not answer ARP. */
	for (uint32_t i = 0; i < count; i++)
		if (pipeline->neighbour[i].ip[15] == 99 && pipeline->neighbour[i].mac[4] == 0) {
			memmove(&pipeline->neighbour[i], &pipeline->neighbour[i + 1],
				(count - i - 1) * sizeof(pipeline->neighbour[0]));
			pipeline->wire.neighbour_count--;
			break;
		}
}

static void start_dataplane(struct pipeline *pipeline, uint32_t worker_count)
{
	static uint32_t serial;
	char error[DATAPLANE_ERROR_BYTES_MAX] = "", name[32];
	struct dataplane_plan plan = {.worker_count = worker_count,
				      .port_count = 1,
				      .memory = MEMORY_NO_HUGE,
				      .table_bytes = 32u << 20,
				      .message_bytes_max = 4096,
				      .mbuf_count = 4095,
				      .spin_polls = UINT32_MAX,
				      .nonce_set_count = 256,
				      .caller_memory_count = 1024};

	/* The rings of the port come before the port, so EAL does too: once a process, with lcores for the largest
	 * test. */
	struct setup eal = {.error = error, .error_bytes = sizeof(error)};
	plan.worker_count = WORKERS_MAX;
	if (eal_start(&eal, &plan) != STATUS_OK)
		must_fail(error);
	plan.worker_count = worker_count;
	snprintf(name, sizeof(name), "pipe_rx%u", serial);
	pipeline->receive = rte_ring_create(name, RING_SIZE, 0, 0);
	snprintf(name, sizeof(name), "pipe_tx%u", serial);
	pipeline->transmit = rte_ring_create(name, RING_SIZE, 0, 0);
	struct rte_ring *receive[LCORES_MAX], *transmit[LCORES_MAX];
	for (uint32_t i = 0; i < worker_count; i++) {
		snprintf(name, sizeof(name), "pipe_rx%u_%u", serial, i);
		receive[i] = i == 0 ? pipeline->receive : rte_ring_create(name, RING_SIZE, 0, 0);
		transmit[i] = pipeline->transmit;
	}
	snprintf(name, sizeof(name), "pipe%u", serial++);
	int port = rte_eth_from_rings(name, receive, worker_count, transmit, worker_count, 0);
	must(port >= 0);
	pipeline->port_id = (uint16_t)port;
	plan.port[0].profile = PORT_DIRECT;
	must(rte_eth_dev_get_name_by_port(pipeline->port_id, plan.port[0].device) == 0);
	enum status status = dataplane_create(&pipeline->dataplane, &plan, error, sizeof(error));
	if (status != STATUS_OK)
		must_fail(error);
}

static bool find_endpoint(const void *argument, struct registrar_endpoint *found, struct span name, struct span domain)
{
	const struct pipeline *pipeline = argument;
	const struct company *company = company_find_by_domain(provision_directory(pipeline->provision), domain);
	const struct endpoint *endpoint = company ? endpoint_find(company, name) : NULL;

	if (!endpoint)
		return false;
	memcpy(found->aor_key, endpoint->aor_key, sizeof(found->aor_key));
	found->company_id = company->id;
	found->multi_contact = endpoint->multi_contact;
	return true;
}

static void count_kernel_send(void *argument, const struct punt *punt, struct span payload)
{
	struct pipeline *pipeline = argument;
	struct pipeline_message *message = &pipeline->kernel_message;

	pipeline->kernel_sent++;
	must(payload.length < sizeof(message->text));
	message->destination = punt->peer;
	message->length = payload.length;
	memcpy(message->text, payload.at, payload.length);
	message->text[payload.length] = '\0';
}

static void take_failure(void *guard, const struct ban_key *key)
{
	(void)guard;
	(void)key;
}

static void start_registrar(struct pipeline *pipeline)
{
	char problem[512] = "";
	must(reinject_create(&pipeline->reinject, pipeline->dataplane) == STATUS_OK);
	must(location_table_create(&pipeline->location, 4096, pipeline->dataplane) == STATUS_OK);
	must(ban_table_write_create(&pipeline->bans, 1024, pipeline->dataplane) == STATUS_OK);
	must(publish_location(pipeline->publisher, location_table_location(pipeline->location), NULL) == STATUS_OK);
	must(publish_bans(pipeline->publisher, ban_table_write_table(pipeline->bans), NULL) == STATUS_OK);
	struct registrar_settings settings = {.state_dir = pipeline->state_dir,
					      .reinject = pipeline->reinject,
					      .location = pipeline->location,
					      .max_bindings = 1000,
					      .find_endpoint = find_endpoint,
					      .directory = pipeline};
	if (registrar_open(&pipeline->registrar, &settings, problem, sizeof(problem)) != STATUS_OK)
		must_fail(problem);
	struct punt_handlers handlers = {.registrar = pipeline->registrar,
					 .take_register = registrar_take,
					 .take_ping_answer = registrar_take_ping_answer,
					 .kernel_send = pipeline,
					 .send_by_kernel = count_kernel_send,
					 .take_failure = take_failure};
	must(punt_reader_create(&pipeline->punt_reader, pipeline->dataplane, NULL, &handlers) == STATUS_OK);
}

struct pipeline *pipeline_start(uint32_t worker_count, const char *provisioning)
{
	struct pipeline *pipeline = calloc(1, sizeof(*pipeline));
	struct problem_list problems = {0};

	must(pipeline);
	snprintf(pipeline->state_dir, sizeof(pipeline->state_dir), "/tmp/amity-pipeline-XXXXXX");
	must(mkdtemp(pipeline->state_dir));
	start_dataplane(pipeline, worker_count);
	fill_wire(pipeline);
	must(publisher_create(&pipeline->publisher, pipeline->dataplane, NULL) == STATUS_OK);
	must(publish_wire(pipeline->publisher, &pipeline->wire, NULL) == STATUS_OK);
	struct provision_options options = {
		.state_dir = pipeline->state_dir, .node_id = 1, .publisher = pipeline->publisher};
	must(provision_open(&pipeline->provision, &options, &problems) == STATUS_OK);
	must(provision_publish_initial(pipeline->provision, NULL, NULL, &problems) == STATUS_OK);
	must(pipeline_apply(pipeline, provisioning));
	start_registrar(pipeline);
	return pipeline;
}

static void note_result(void *argument, const struct apply_result *result)
{
	*(bool *)argument = result->accepted;
	if (!result->accepted)
		problem_list_print(result->problems, stderr);
}

bool pipeline_apply(struct pipeline *pipeline, const char *provisioning)
{
	bool accepted = false;
	must(provision_apply(pipeline->provision, span_of_text(provisioning), "test.yaml", note_result, &accepted) ==
	     STATUS_OK);
	return accepted;
}

static void remove_state(const char *directory)
{
	char command[128];
	snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	must(system(command) == 0);
}

void pipeline_stop(struct pipeline *pipeline)
{
	struct pipeline_message message;

	pipeline_check_identity(pipeline);
	while (pipeline_take(pipeline, &message))
		;
	punt_reader_free(pipeline->punt_reader);
	registrar_close(pipeline->registrar);
	provision_close(pipeline->provision);
	publisher_free(pipeline->publisher);
	location_table_free(pipeline->location);
	ban_table_write_free(pipeline->bans);
	reinject_free(pipeline->reinject);
	must(dataplane_free(pipeline->dataplane) == 0);
	remove_state(pipeline->state_dir);
	free(pipeline);
}

static void run_until_still(struct pipeline *pipeline)
{
	bool moved = true;

	while (moved) {
		moved = false;
		for (uint32_t i = 0; i < pipeline->dataplane->worker_count; i++) {
			struct worker *worker = ((struct setup *)pipeline->dataplane)->worker[i];
			uint64_t reinjected = worker->counters->value[COUNTER_REINJECTED];
			moved |= worker_burst(worker) > 0 || worker->counters->value[COUNTER_REINJECTED] != reinjected;
		}
		moved |= punt_reader_poll(pipeline->punt_reader) > 0;
		registrar_flush(pipeline->registrar);
		for (uint32_t i = 0; i < pipeline->dataplane->worker_count; i++)
			moved |= rte_ring_count(pipeline->dataplane->reinject[i]) > 0;
	}
}

void pipeline_send_frame(struct pipeline *pipeline, struct span frame)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pipeline->dataplane->pool);
	must(mbuf);
	char *at = rte_pktmbuf_append(mbuf, (uint16_t)frame.length);
	must(at);
	memcpy(at, frame.at, frame.length);
	pipeline_put_frame(pipeline, mbuf);
	run_until_still(pipeline);
}

void pipeline_put_frame(struct pipeline *pipeline, struct rte_mbuf *frame)
{
	must(rte_ring_enqueue(pipeline->receive, frame) == 0);
}

void pipeline_put_mbuf(struct pipeline *pipeline, const char *source, struct rte_mbuf *datagram)
{
	struct net_address from, router = {.port = 5060};
	parse_address(&from, source);
	memcpy(router.ip, pipeline->interface.address[!net_address_is_v4(from.ip)], 16);

	/* The sender's side of the wire: its own frame writer with the roles changed. */
	struct wire_interface sender = {.sip_port = from.port, .mac = {2, 0, 0, 1, 0, 2}, .mtu = 1500};
	struct wire_hop hop = {.interface = &sender};
	memcpy(hop.source, from.ip, 16);
	memcpy(hop.mac, router_mac, 6);
	must(frame_write(datagram, &hop, &router));
	pipeline_put_frame(pipeline, datagram);
}

void pipeline_put(struct pipeline *pipeline, const char *source, struct span bytes)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pipeline->dataplane->pool);
	must(mbuf);
	char *at = rte_pktmbuf_append(mbuf, (uint16_t)bytes.length);
	must(at);
	if (bytes.length)
		memcpy(at, bytes.at, bytes.length);
	pipeline_put_mbuf(pipeline, source, mbuf);
}

void pipeline_send_bytes(struct pipeline *pipeline, const char *source, struct span bytes)
{
	pipeline_put(pipeline, source, bytes);
	run_until_still(pipeline);
}

void pipeline_send(struct pipeline *pipeline, const char *source, const char *text)
{
	pipeline_send_bytes(pipeline, source, span_of_text(text));
}

/* Reads back what the router put on the wire; its checksums must be right. */
static void read_frame(struct pipeline_message *message, struct rte_mbuf *mbuf)
{
	struct rte_ether_hdr *ether = rte_pktmbuf_mtod(mbuf, struct rte_ether_hdr *);
	struct rte_udp_hdr *udp;

	memset(message, 0, sizeof(*message));
	if (ether->ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4)) {
		struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(ether + 1);
		udp = (struct rte_udp_hdr *)(ip + 1);
		net_address_set_v4(message->source.ip, &ip->src_addr);
		net_address_set_v4(message->destination.ip, &ip->dst_addr);
		uint16_t wire_checksum = udp->dgram_cksum;
		udp->dgram_cksum = 0;
		must(rte_ipv4_udptcp_cksum(ip, udp) == wire_checksum);
		must(rte_raw_cksum(ip, sizeof(*ip)) == 0xffff);
	} else {
		struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)(ether + 1);
		udp = (struct rte_udp_hdr *)(ip + 1);
		memcpy(message->source.ip, ip->src_addr, 16);
		memcpy(message->destination.ip, ip->dst_addr, 16);
		uint16_t wire_checksum = udp->dgram_cksum;
		udp->dgram_cksum = 0;
		must(rte_ipv6_udptcp_cksum(ip, udp) == wire_checksum);
	}
	message->source.port = rte_be_to_cpu_16(udp->src_port);
	message->destination.port = rte_be_to_cpu_16(udp->dst_port);
	size_t length = rte_be_to_cpu_16(udp->dgram_len) - sizeof(*udp);
	must(length < sizeof(message->text));
	memcpy(message->text, udp + 1, length);
	message->length = (uint32_t)length;
}

bool pipeline_take(struct pipeline *pipeline, struct pipeline_message *message)
{
	struct rte_mbuf *mbuf;

	if (rte_ring_dequeue(pipeline->transmit, (void **)&mbuf) != 0)
		return false;
	read_frame(message, mbuf);
	rte_pktmbuf_free(mbuf);
	return true;
}

uint32_t pipeline_discard_sent(struct pipeline *pipeline)
{
	struct rte_mbuf *mbufs[BURST_MAX];
	uint32_t count, sum = 0;

	while ((count = rte_ring_dequeue_burst(pipeline->transmit, (void **)mbufs, BURST_MAX, NULL)) > 0) {
		rte_pktmbuf_free_bulk(mbufs, count);
		sum += count;
	}
	return sum;
}

struct worker *pipeline_worker(struct pipeline *pipeline, uint32_t index)
{
	return ((struct setup *)pipeline->dataplane)->worker[index];
}

uint32_t pipeline_kernel_sent(const struct pipeline *pipeline)
{
	return pipeline->kernel_sent;
}

bool pipeline_take_kernel_sent(struct pipeline *pipeline, struct pipeline_message *message)
{
	if (pipeline->kernel_message.length == 0)
		return false;
	*message = pipeline->kernel_message;
	pipeline->kernel_message.length = 0;
	return true;
}

uint64_t pipeline_reason(const struct pipeline *pipeline, enum reason reason)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < pipeline->dataplane->worker_count; i++)
		sum += pipeline->dataplane->counters[i]->reason[reason];
	return sum;
}

uint64_t pipeline_counter(const struct pipeline *pipeline, enum counter counter)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < pipeline->dataplane->worker_count; i++)
		sum += pipeline->dataplane->counters[i]->value[counter];
	return sum;
}

void pipeline_check_identity(const struct pipeline *pipeline)
{
	for (uint32_t i = 0; i < pipeline->dataplane->worker_count; i++) {
		const struct counters *counters = pipeline->dataplane->counters[i];
		uint64_t ends = 0, reasons = 0;
		for (uint32_t v = VERDICT_FORWARD; v < VERDICT_COUNT; v++)
			ends += counters->verdict[v];
		for (uint32_t r = 0; r < REASON_COUNT; r++)
			reasons += counters->reason[r];
		must(counters->verdict[VERDICT_NONE] == 0);
		must(counters->reason[REASON_NONE] == 0);
		must(counters->value[COUNTER_RECEIVED] + counters->value[COUNTER_STEERED_IN] ==
		     ends + counters->value[COUNTER_STEERED_OUT]);
		must(ends == reasons);
	}
}

struct dataplane *pipeline_dataplane(struct pipeline *pipeline)
{
	return pipeline->dataplane;
}
