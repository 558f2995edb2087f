#include "pipeline.h"

#include <arpa/inet.h>
#include <rte_cycles.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <rte_udp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ban_table_write.h"
#include "checksum.h"
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
#include "worker_check.h"

#define RING_SIZE   1024
#define LINK_MTU    1500
#define WORKERS_MAX 8

/* Timer C and the wait for the end of who was cancelled, for each of TRANSACTION_STEPS_MAX targets after the first one.
 * A transaction looks at the clock only when a timer is due, so a step may be as long as a client's first
 * retransmission. */
#define SETTLE_MS_MAX  ((TRANSACTION_STEPS_MAX + 1) * 220000)
#define SETTLE_STEP_MS 500

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
	struct rte_ring *receive[WORKERS_MAX], *transmit;
	uint16_t port_id;
	uint32_t kernel_sent, tryings;
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
		.port_id = pipeline->port_id, .mtu = LINK_MTU, .sip_port = 5060, .address_count = 3, .name = "ring"};
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

/* Tests run the bursts of all workers themselves; benches run lcores, and leave the other CPUs to what feeds them. */
static uint16_t last_cpu(void)
{
	cpu_set_t allowed;
	uint16_t last = 0;

	must(sched_getaffinity(0, sizeof(allowed), &allowed) == 0);
	for (uint16_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed))
			last = cpu;
	return last;
}

/* Of the tests' own size: part of what every router has. */
static uint64_t location_bytes(const struct pipeline_sizes *sizes)
{
	return sizes->endpoint_count ? location_table_bytes(sizes->endpoint_count) : 0;
}

static void start_dataplane(struct pipeline *pipeline, uint32_t worker_count, const struct pipeline_sizes *sizes)
{
	static uint32_t serial;
	char error[DATAPLANE_ERROR_BYTES_MAX] = "", name[32];
	struct dataplane_plan plan = {.worker_count = worker_count,
				      .port_count = 1,
				      /* As amityd does, when a bench looks at it; tests do with what there is. */
				      .memory = sizes->wants_hugepages ? MEMORY_AUTO : MEMORY_NO_HUGE,
				      .table_bytes = (32u << 20) + location_bytes(sizes),
				      .message_bytes_max = 4096,
				      .mbuf_count = sizes->mbuf_count ? sizes->mbuf_count : 4095,
				      .spin_polls = UINT32_MAX,
				      .nonce_set_count = sizes->nonce_set_count ? sizes->nonce_set_count : 256,
				      .transaction_count =
					      sizes->transaction_count ? sizes->transaction_count : 1024 * worker_count,
				      .call_count = sizes->call_count};

	/* The rings of the port come before the port, so EAL does too: once a process, with lcores for the largest
	 * test. */
	struct setup eal = {.error = error, .error_bytes = sizeof(error)};
	plan.worker_count = WORKERS_MAX;
	for (uint32_t i = 0; i < WORKERS_MAX; i++)
		plan.worker_cpu[i] = last_cpu();
	if (eal_start(&eal, &plan) != STATUS_OK)
		must_fail(error);
	plan.worker_count = worker_count;
	snprintf(name, sizeof(name), "pipe_tx%u", serial);
	pipeline->transmit = rte_ring_create(name, RING_SIZE, 0, 0);
	struct rte_ring *transmit[WORKERS_MAX];
	for (uint32_t i = 0; i < worker_count; i++) {
		snprintf(name, sizeof(name), "pipe_rx%u_%u", serial, i);
		pipeline->receive[i] = rte_ring_create(name, RING_SIZE, 0, 0);
		transmit[i] = pipeline->transmit;
	}
	snprintf(name, sizeof(name), "pipe%u", serial++);
	int port = rte_eth_from_rings(name, pipeline->receive, worker_count, transmit, worker_count, 0);
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
	(void)punt;
	(void)payload;
	((struct pipeline *)argument)->kernel_sent++;
}

static void take_failure(void *guard, const struct ban_key *key)
{
	(void)guard;
	(void)key;
}

/* The registrar's seconds pass with the lcores' time, which stands still: bindings made one after the other are of one
 * second. */
static struct {
	const struct dataplane *dataplane;
	uint64_t began_tsc;
	int64_t began_unix_s;
} stopped_clock;

static int64_t unix_now_s(void)
{
	uint64_t tsc = stopped_clock.dataplane->virtual_tsc;

	return tsc ? stopped_clock.began_unix_s + (int64_t)((tsc - stopped_clock.began_tsc) / rte_get_tsc_hz())
		   : (int64_t)time(NULL);
}

static void start_registrar(struct pipeline *pipeline, const struct pipeline_sizes *sizes)
{
	uint32_t endpoints = sizes->endpoint_count ? sizes->endpoint_count : 4096;
	char problem[512] = "";
	must(reinject_create(&pipeline->reinject, pipeline->dataplane) == STATUS_OK);
	must(location_table_create(&pipeline->location, endpoints, pipeline->dataplane) == STATUS_OK);
	must(ban_table_write_create(&pipeline->bans, 1024, pipeline->dataplane) == STATUS_OK);
	must(publish_location(pipeline->publisher, location_table_location(pipeline->location), NULL) == STATUS_OK);
	must(publish_bans(pipeline->publisher, ban_table_write_table(pipeline->bans), NULL) == STATUS_OK);
	struct registrar_settings settings = {.state_dir = pipeline->state_dir,
					      .reinject = pipeline->reinject,
					      .location = pipeline->location,
					      .max_bindings = 1000,
					      .find_endpoint = find_endpoint,
					      .unix_now_s = unix_now_s,
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

/* After the publisher has tied the TSC to the system's clock: the lcores' time must not be before that. */
static void stop_clock(struct pipeline *pipeline)
{
	uint64_t tick_tsc = pipeline_worker(pipeline, 0)->tick_tsc;

	pipeline->dataplane->virtual_tsc = (rte_rdtsc() / tick_tsc + 1) * tick_tsc;
	stopped_clock.dataplane = pipeline->dataplane;
	stopped_clock.began_tsc = pipeline->dataplane->virtual_tsc;
	stopped_clock.began_unix_s = (int64_t)time(NULL);
}

void pipeline_use_tsc(struct pipeline *pipeline)
{
	pipeline->dataplane->virtual_tsc = 0;
}

struct pipeline *pipeline_start(uint32_t worker_count, const char *provisioning)
{
	return pipeline_start_sized(worker_count, provisioning, &(struct pipeline_sizes){0});
}

static void copy_state(const char *from, const char *to)
{
	char command[512];
	int length = snprintf(command, sizeof(command), "cp '%s/provision.db' '%s/patterns.db' '%s'", from, from, to);
	must(length > 0 && (size_t)length < sizeof(command) && system(command) == 0);
}

struct pipeline *pipeline_start_sized(uint32_t worker_count, const char *provisioning,
				      const struct pipeline_sizes *sizes)
{
	struct pipeline *pipeline = calloc(1, sizeof(*pipeline));
	struct problem_list problems = {0};

	must(pipeline);
	snprintf(pipeline->state_dir, sizeof(pipeline->state_dir), "/tmp/amity-pipeline-XXXXXX");
	must(mkdtemp(pipeline->state_dir));
	start_dataplane(pipeline, worker_count, sizes);
	fill_wire(pipeline);
	must(publisher_create(&pipeline->publisher, pipeline->dataplane, NULL) == STATUS_OK);
	must(publish_wire(pipeline->publisher, &pipeline->wire, NULL) == STATUS_OK);
	stop_clock(pipeline);
	if (sizes->state_from)
		copy_state(sizes->state_from, pipeline->state_dir);
	struct provision_options options = {.state_dir = pipeline->state_dir,
					    .node_id = 1,
					    .publisher = pipeline->publisher,
					    .pattern_compiler = sizes->state_from ? "/proc/self/exe" : NULL};
	must(provision_open(&pipeline->provision, &options, &problems) == STATUS_OK);
	must(provision_publish_initial(pipeline->provision, NULL, NULL, &problems) == STATUS_OK);
	must(pipeline_apply(pipeline, provisioning));
	start_registrar(pipeline, sizes);
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
	pipeline_settle(pipeline);
	pipeline_check_identity(pipeline);
	punt_reader_free(pipeline->punt_reader);
	registrar_close(pipeline->registrar);
	provision_close(pipeline->provision);
	publisher_free(pipeline->publisher);
	location_table_free(pipeline->location);
	ban_table_write_free(pipeline->bans);
	reinject_free(pipeline->reinject);
	must(dataplane_free(pipeline->dataplane) == 0);
	must(rte_eth_dev_close(pipeline->port_id) == 0); /* DPDK has 32 in a process */
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

void pipeline_put_frame(struct pipeline *pipeline, struct span frame, uint64_t offload_flags, uint16_t vlan_tci)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pipeline->dataplane->pool);
	must(mbuf);
	char *at = rte_pktmbuf_append(mbuf, (uint16_t)frame.length);
	must(at);
	memcpy(at, frame.at, frame.length);
	mbuf->ol_flags |= offload_flags;
	mbuf->vlan_tci = vlan_tci;
	must(rte_ring_enqueue(pipeline->receive[0], mbuf) == 0);
}

void pipeline_send_frame(struct pipeline *pipeline, struct span frame)
{
	pipeline_put_frame(pipeline, frame, 0, 0);
	run_until_still(pipeline);
}

void pipeline_run(struct pipeline *pipeline)
{
	run_until_still(pipeline);
}

void pipeline_jump_ms(struct pipeline *pipeline, uint32_t ms)
{
	must(ms <= TIMER_WHEEL_SLOTS * TIMER_WHEEL_TICK_MS);
	pipeline->dataplane->virtual_tsc += pipeline_worker(pipeline, 0)->tick_tsc * ms / TIMER_WHEEL_TICK_MS;
	run_until_still(pipeline);
}

void pipeline_advance_ms(struct pipeline *pipeline, uint32_t ms)
{
	while (ms > 0) {
		uint32_t step_ms = ms < TIMER_WHEEL_TICK_MS ? ms : TIMER_WHEEL_TICK_MS;
		pipeline_jump_ms(pipeline, step_ms);
		ms -= step_ms;
	}
}

static bool has_transactions(const struct pipeline *pipeline)
{
	for (uint32_t i = 0; i < pipeline->dataplane->worker_count; i++)
		if (((struct setup *)pipeline->dataplane)->worker[i]->transactions.used_count > 0)
			return true;
	return false;
}

static void take_and_forget(struct pipeline *pipeline)
{
	static struct pipeline_message message;

	while (pipeline_take_any(pipeline, &message))
		;
}

void pipeline_settle(struct pipeline *pipeline)
{
	if (pipeline->dataplane->virtual_tsc == 0)
		stop_clock(pipeline);
	take_and_forget(pipeline);
	for (uint32_t ms = 0; has_transactions(pipeline); ms += SETTLE_STEP_MS) {
		must(ms < SETTLE_MS_MAX);
		pipeline_jump_ms(pipeline, SETTLE_STEP_MS);
		take_and_forget(pipeline);
	}
}

/* The sender's side of the wire: the router's own frame writer with the roles changed. */
struct sender {
	struct wire_interface interface;
	struct wire_hop hop;
	struct net_address router;
};

static void fill_sender(struct sender *sender, const struct pipeline *pipeline, const char *source)
{
	struct net_address from;

	parse_address(&from, source);
	*sender = (struct sender){
		.interface = {.sip_port = from.port, .mac = {2, 0, 0, 1, 0, 2}, .vlan = pipeline->interface.vlan},
		.hop = {.interface = &sender->interface},
		.router = {.port = 5060},
	};
	memcpy(sender->router.ip, pipeline->interface.address[!net_address_is_v4(from.ip)], 16);
	memcpy(sender->hop.source, from.ip, 16);
	memcpy(sender->hop.mac, router_mac, 6);
}

static void put_whole(struct pipeline *pipeline, uint32_t queue, const struct sender *sender, struct rte_mbuf *datagram)
{
	must(frame_write_udp(datagram, &sender->hop, &sender->router));
	must(frame_write_ip(datagram, &sender->hop, &sender->router, NULL));
	must(rte_ring_enqueue(pipeline->receive[queue], datagram) == 0);
}

static void put_fragments(struct pipeline *pipeline, uint32_t queue, const struct sender *sender,
			  struct rte_mbuf *datagram)
{
	static uint32_t id;
	struct frame_cut cut = {.id = ++id, .mtu = LINK_MTU};

	must(frame_write_udp(datagram, &sender->hop, &sender->router));
	while (cut.offset < rte_pktmbuf_data_len(datagram)) {
		struct rte_mbuf *fragment = frame_write_next_fragment(pipeline->dataplane->pool, datagram, &sender->hop,
								      &sender->router, &cut);
		must(fragment && rte_ring_enqueue(pipeline->receive[queue], fragment) == 0);
	}
	rte_pktmbuf_free(datagram);
}

void pipeline_put_frame_mbuf(struct pipeline *pipeline, struct rte_mbuf *frame)
{
	must(rte_ring_enqueue(pipeline->receive[0], frame) == 0);
}

void pipeline_put_mbuf(struct pipeline *pipeline, const char *source, struct rte_mbuf *datagram)
{
	struct sender sender;

	fill_sender(&sender, pipeline, source);
	put_whole(pipeline, 0, &sender, datagram);
}

void pipeline_put(struct pipeline *pipeline, uint32_t queue, const char *source, struct span bytes)
{
	struct sender sender;

	fill_sender(&sender, pipeline, source);
	bool whole = bytes.length + sizeof(struct rte_udp_hdr) + frame_write_ip_bytes(&sender.hop, false) <= LINK_MTU;
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(whole ? pipeline->dataplane->pool : pipeline->dataplane->large_pool);
	must(mbuf);
	if (!whole)
		mbuf->data_off = sizeof(struct rte_udp_hdr);
	char *at = rte_pktmbuf_append(mbuf, (uint16_t)bytes.length);
	must(at);
	if (bytes.length)
		memcpy(at, bytes.at, bytes.length);
	if (whole)
		put_whole(pipeline, queue, &sender, mbuf);
	else
		put_fragments(pipeline, queue, &sender, mbuf);
}

void pipeline_send_bytes(struct pipeline *pipeline, const char *source, struct span bytes)
{
	pipeline_put(pipeline, 0, source, bytes);
	run_until_still(pipeline);
}

void pipeline_send(struct pipeline *pipeline, const char *source, const char *text)
{
	pipeline_send_bytes(pipeline, source, span_of_text(text));
}

/* IPv4 header, its checksum right. Result: what it carries. */
static struct span read_ipv4(struct pipeline_message *message, const struct rte_ipv4_hdr *ip,
			     struct frame_fragment *part)
{
	uint16_t offset = rte_be_to_cpu_16(ip->fragment_offset);

	net_address_set_v4(message->source.ip, &ip->src_addr);
	net_address_set_v4(message->destination.ip, &ip->dst_addr);
	must(rte_raw_cksum(ip, sizeof(*ip)) == 0xffff);
	*part = (struct frame_fragment){.offset = (offset & RTE_IPV4_HDR_OFFSET_MASK) * 8u,
					.more = (offset & RTE_IPV4_HDR_MF_FLAG) != 0,
					.id = rte_be_to_cpu_16(ip->packet_id)};
	/* Only what every path carries leaves with "don't fragment". */
	must(((offset & RTE_IPV4_HDR_DF_FLAG) != 0) ==
	     (part->offset == 0 && !part->more && rte_be_to_cpu_16(ip->total_length) <= 1280));
	return span_make((const char *)(ip + 1), rte_be_to_cpu_16(ip->total_length) - sizeof(*ip));
}

static struct span read_ipv6(struct pipeline_message *message, const struct rte_ipv6_hdr *ip,
			     struct frame_fragment *part)
{
	struct span bytes = span_make((const char *)(ip + 1), rte_be_to_cpu_16(ip->payload_len));

	memcpy(message->source.ip, ip->src_addr, 16);
	memcpy(message->destination.ip, ip->dst_addr, 16);
	*part = (struct frame_fragment){0};
	if (ip->proto == IPPROTO_FRAGMENT) {
		uint16_t offset;
		memcpy(&offset, bytes.at + 2, 2);
		memcpy(&part->id, bytes.at + 4, 4);
		part->offset = rte_be_to_cpu_16(offset) & 0xfff8;
		part->more = rte_be_to_cpu_16(offset) & 1;
		must(bytes.at[0] == IPPROTO_UDP && bytes.at[1] == 0);
		return span_skip(bytes, 8);
	}
	must(ip->proto == IPPROTO_UDP);
	return bytes;
}

/* What IP carries in a frame that left, which must fit the link. */
static struct span read_frame(const struct pipeline *pipeline, struct pipeline_message *message,
			      const struct rte_mbuf *mbuf, struct frame_fragment *part)
{
	const char *frame = rte_pktmbuf_mtod(mbuf, const char *), *ip = frame + sizeof(struct rte_ether_hdr);
	struct rte_ether_hdr ether; /* which may begin at an odd address */
	memcpy(&ether, frame, sizeof(ether));
	uint16_t type = rte_be_to_cpu_16(ether.ether_type);

	if (pipeline->interface.vlan) {
		const struct rte_vlan_hdr *tag = (const struct rte_vlan_hdr *)ip;
		must(type == RTE_ETHER_TYPE_VLAN && rte_be_to_cpu_16(tag->vlan_tci) == pipeline->interface.vlan);
		type = rte_be_to_cpu_16(tag->eth_proto);
		ip = (const char *)(tag + 1);
	}
	must(ip - frame + pipeline->interface.mtu >= rte_pktmbuf_data_len(mbuf));
	must(type == RTE_ETHER_TYPE_IPV4 || type == RTE_ETHER_TYPE_IPV6);
	return type == RTE_ETHER_TYPE_IPV4 ? read_ipv4(message, (const struct rte_ipv4_hdr *)ip, part)
					   : read_ipv6(message, (const struct rte_ipv6_hdr *)ip, part);
}

/* Reads back what the router put on the wire; its checksum must be right. */
static void read_udp(struct pipeline_message *message, const char *bytes, uint32_t length)
{
	const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)bytes;

	must(rte_be_to_cpu_16(udp->dgram_len) == length && udp->dgram_cksum != 0);
	must(checksum_udp(checksum_pseudo_header(message->source.ip, message->destination.ip, length), udp, length) ==
	     0xffff);
	message->source.port = rte_be_to_cpu_16(udp->src_port);
	message->destination.port = rte_be_to_cpu_16(udp->dst_port);
	message->length = length - (uint32_t)sizeof(*udp);
	must(message->length < sizeof(message->text));
	memcpy(message->text, udp + 1, message->length);
	message->text[message->length] = '\0';
}

bool pipeline_take_any(struct pipeline *pipeline, struct pipeline_message *message)
{
	static char datagram[UINT16_MAX];
	struct frame_fragment part = {0};
	uint32_t length = 0, id = 0;
	struct rte_mbuf *mbuf;

	memset(message, 0, offsetof(struct pipeline_message, text));
	do {
		if (rte_ring_dequeue(pipeline->transmit, (void **)&mbuf) != 0)
			return false;
		struct span bytes = read_frame(pipeline, message, mbuf, &part);
		must(part.offset == length && (length == 0 || part.id == id));
		must(length + bytes.length <= sizeof(datagram));
		memcpy(datagram + length, bytes.at, bytes.length);
		length += bytes.length;
		id = part.id;
		message->frames++;
		rte_pktmbuf_free(mbuf);
	} while (part.more);
	message->fragment_id = id;
	read_udp(message, datagram, length);
	return true;
}

bool pipeline_take(struct pipeline *pipeline, struct pipeline_message *message)
{
	static const char trying[] = "SIP/2.0 100 ";

	while (pipeline_take_any(pipeline, message)) {
		if (strncmp(message->text, trying, sizeof(trying) - 1) != 0)
			return true;
		pipeline->tryings++;
	}
	return false;
}

uint32_t pipeline_tryings(const struct pipeline *pipeline)
{
	return pipeline->tryings;
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

uint64_t pipeline_reason(const struct pipeline *pipeline, enum reason reason)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < pipeline->dataplane->worker_count; i++)
		sum += pipeline->dataplane->counters[i]->reason[reason];
	return sum;
}

uint64_t pipeline_verdict(const struct pipeline *pipeline, enum verdict verdict)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < pipeline->dataplane->worker_count; i++)
		sum += pipeline->dataplane->counters[i]->verdict[verdict];
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
		worker_check(((struct setup *)pipeline->dataplane)->worker[i]);
	}
}

struct wire_interface *pipeline_interface(struct pipeline *pipeline)
{
	return &pipeline->interface;
}

struct dataplane *pipeline_dataplane(struct pipeline *pipeline)
{
	return pipeline->dataplane;
}

struct provision *pipeline_provision(struct pipeline *pipeline)
{
	return pipeline->provision;
}

struct publisher *pipeline_publisher(struct pipeline *pipeline)
{
	return pipeline->publisher;
}

uint32_t pipeline_free_mbufs(const struct pipeline *pipeline)
{
	return rte_mempool_avail_count(pipeline->dataplane->pool) +
	       rte_mempool_avail_count(pipeline->dataplane->answer_pool);
}

struct location_table *pipeline_location(struct pipeline *pipeline)
{
	return pipeline->location;
}

struct ban_table_write *pipeline_bans(struct pipeline *pipeline)
{
	return pipeline->bans;
}
