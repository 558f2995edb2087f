/*
 * bench_state - what the tables that change in place cost an lcore: 100,000 registered endpoints, 1,000 bans, and
 * the frame in front of a message with its checksum. (The window of nonces: bench_digest.)
 */
#include <stdio.h>
#include <stdlib.h>

#include <rte_cycles.h>
#include <rte_mbuf.h>
#include <sodium.h>

#include "ban_table_write.h"
#include "bench_report.h"
#include "checksum.h"
#include "frame_write.h"
#include "location_table.h"
#include "must.h"
#include "registrar_rig.h"
#include "scan.h"

#define ENDPOINTS     100000
#define BANS	      1000
#define LOOKUPS	      4096
#define BURST	      32
#define MESSAGE_BYTES 900
#define SUMMED_BYTES  700

struct bench {
	struct location_table *location;
	struct ban_table_write *bans;
	uint8_t key[LOOKUPS][AOR_KEY_BYTES];
	struct ban_key ban[LOOKUPS];
	struct rte_mbuf *mbuf;
	uint64_t wrong; /* results that were not what they had to be */
};

static struct bench bench;
static struct bench_report report;

static void make_key(uint8_t key[AOR_KEY_BYTES], uint32_t endpoint)
{
	crypto_generichash(key, AOR_KEY_BYTES, (const uint8_t *)&endpoint, sizeof(endpoint), NULL, 0);
}

/* Nine of ten lookups find something: numbers below the count of endpoints. */
static uint32_t endpoint_of_lookup(uint32_t i)
{
	uint32_t endpoint = (i + 1) * 2654435761u % ENDPOINTS;
	return i % 10 ? endpoint : endpoint + ENDPOINTS;
}

static void make_tables(void)
{
	const struct location_binding binding = {.contact = SPAN_LITERAL("sip:phone@192.0.2.7:5060")};
	uint8_t key[AOR_KEY_BYTES];

	must(location_table_create(&bench.location, ENDPOINTS, registrar_rig_dataplane()) == STATUS_OK);
	for (uint32_t i = 0; i < ENDPOINTS; i++) {
		make_key(key, i);
		struct binding_set *set = location_set_make(key, &binding, 1, (struct location_set_room){0});
		must(set);
		location_table_put(bench.location, set);
	}
	must(ban_table_write_create(&bench.bans, BANS, registrar_rig_dataplane()) == STATUS_OK);
	for (uint32_t i = 0; i < LOOKUPS; i++) {
		make_key(bench.key[i], endpoint_of_lookup(i));
		memcpy(bench.ban[i].aor_key, bench.key[i], AOR_KEY_BYTES);
		if (i < BANS)
			must(ban_table_write_put(bench.bans, &bench.ban[i], 3600) == STATUS_OK);
	}
}

static void make_message(void)
{
	bench.mbuf = rte_pktmbuf_alloc(registrar_rig_dataplane()->pool);
	must(bench.mbuf && rte_pktmbuf_append(bench.mbuf, MESSAGE_BYTES));
	memset(rte_pktmbuf_mtod(bench.mbuf, void *), 'x', MESSAGE_BYTES);
}

static void find_locations(void *argument)
{
	const struct location *location = location_table_location(bench.location);

	(void)argument;
	for (uint32_t i = 0; i < LOOKUPS; i++)
		bench.wrong += !location_find(location, bench.key[i]) != (i % 10 == 0);
}

static void find_bans(void *argument)
{
	const struct ban_table *bans = ban_table_write_table(bench.bans);
	uint64_t now_tsc = rte_rdtsc();

	(void)argument;
	for (uint32_t i = 0; i < LOOKUPS; i++)
		bench.wrong += ban_find(bans, &bench.ban[i], now_tsc) != (i < BANS);
}

static void find_bans_of_bursts(void *argument)
{
	const struct ban_table *bans = ban_table_write_table(bench.bans);
	uint64_t now_tsc = rte_rdtsc();
	const struct ban_key *key[BURST];

	(void)argument;
	for (uint32_t i = 0; i < LOOKUPS; i += BURST) {
		uint32_t expected = 0;
		for (uint32_t k = 0; k < BURST; k++) {
			key[k] = &bench.ban[i + k];
			expected |= (uint32_t)(i + k < BANS) << k;
		}
		bench.wrong += ban_find_burst(bans, key, BURST, now_tsc) != expected;
	}
}

static void write_frames(void *argument)
{
	struct wire_interface interface = {.sip_port = 5060};
	struct wire_hop hop = {.interface = &interface};
	struct net_address destination = {.port = 5060};
	bool is_v6 = argument != NULL;

	net_address_set_v4(hop.source, (uint8_t[]){192, 0, 2, 1});
	net_address_set_v4(destination.ip, (uint8_t[]){192, 0, 2, 7});
	if (is_v6)
		hop.source[0] = destination.ip[0] = 0x20;
	for (uint32_t i = 0; i < LOOKUPS; i++) {
		bench.wrong += !frame_write_udp(bench.mbuf, &hop, &destination) ||
			       !frame_write_ip(bench.mbuf, &hop, &destination, NULL);
		rte_pktmbuf_adj(bench.mbuf, (uint16_t)(rte_pktmbuf_data_len(bench.mbuf) - MESSAGE_BYTES));
	}
}

static void sum_messages(void *argument)
{
	const char *message = rte_pktmbuf_mtod(bench.mbuf, const char *);

	(void)argument;
	for (uint32_t i = 0; i < LOOKUPS; i++)
		bench.wrong += checksum_udp_message(i, 0, message, SUMMED_BYTES) == 0;
}

/* In each variant that this CPU has; the best stays. */
static void measure_checksums(void)
{
	static const char *const names[] = {[SCAN_SCALAR] = "checksum, 700 bytes",
					    [SCAN_AVX2] = "checksum by AVX2, 700 bytes",
					    [SCAN_AVX512] = "checksum by AVX-512, 700 bytes"};

	for (enum scan_variant variant = SCAN_SCALAR; variant < SCAN_VARIANTS; variant++)
		if (scan_select(variant))
			bench_report_measure(&report, names[variant], LOOKUPS, sum_messages, NULL);
}

int main(int argc, char **argv)
{
	if (!bench_report_init(&report, "bench_state", argc, argv))
		return 2;
	must(registrar_rig_start_eal());
	make_tables();
	make_message();
	bench_report_measure(&report, "location_find", LOOKUPS, find_locations, NULL);
	bench_report_measure(&report, "ban_find", LOOKUPS, find_bans, NULL);
	bench_report_measure(&report, "ban_find_burst of 32", LOOKUPS, find_bans_of_bursts, NULL);
	measure_checksums();
	bench_report_measure(&report, "frame_write IPv4", LOOKUPS, write_frames, NULL);
	bench_report_measure(&report, "frame_write IPv6", LOOKUPS, write_frames, &bench);
	rte_pktmbuf_free(bench.mbuf);
	location_table_free(bench.location);
	ban_table_write_free(bench.bans);
	if (bench.wrong)
		fprintf(stderr, "bench_state: %llu operations had a wrong result: the numbers mean nothing\n",
			(unsigned long long)bench.wrong);
	return bench.wrong != 0;
}
