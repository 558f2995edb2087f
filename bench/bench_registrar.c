/*
 * bench_registrar - what a verified REGISTER costs the control thread, until its binding is in the file and its 200 is
 * on its way: parsing, decision, SQLite (group commit), location table, answer. CPU time, system calls included.
 *
 *   first     of a user that has no binding
 *   refresh   the same contact again, another CSeq: what most of them are
 *   --users N at the same time (default 100,000): the file and the tables have their size
 *
 * The file is made below --directory's default, /var/tmp, and removed. Also printed: bytes of the file per binding.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_mbuf.h>
#include <sodium.h>

#include "bench_report.h"
#include "location_table.h"
#include "must.h"
#include "registrar.h"
#include "registrar_rig.h"
#include "reinject.h"

#define USERS	     100000
#define USERS_SHORT  1000
#define BATCH	     512 /* the reader of punts finds about that many at once when it has much to do */
#define ROUNDS	     10
#define STATE_PARENT "/var/tmp"

struct bench {
	struct location_table *location;
	struct reinject *reinject;
	struct registrar *registrar;
	char state_dir[64];
	uint32_t user_count;
	uint32_t cseq;
	uint64_t answered;
};

static struct bench bench;
static struct bench_report report;

static void make_key(uint8_t key[AOR_KEY_BYTES], struct span name)
{
	crypto_generichash(key, AOR_KEY_BYTES, (const uint8_t *)name.at, name.length, NULL, 0);
}

static bool find_endpoint(const void *directory, struct registrar_endpoint *endpoint, struct span name,
			  struct span domain)
{
	(void)directory, (void)domain;
	make_key(endpoint->aor_key, name);
	endpoint->company_id = 7;
	endpoint->multi_contact = true;
	return true;
}

static void open_registrar(void)
{
	char problem[1024];
	struct dataplane *dataplane = registrar_rig_dataplane();
	struct registrar_settings settings = {
		.state_dir = bench.state_dir, .max_bindings = bench.user_count, .find_endpoint = find_endpoint};

	must(reinject_create(&bench.reinject, dataplane) == STATUS_OK);
	must(location_table_create(&bench.location, bench.user_count, dataplane) == STATUS_OK);
	settings.reinject = bench.reinject;
	settings.location = bench.location;
	if (registrar_open(&bench.registrar, &settings, problem, sizeof(problem)) != STATUS_OK) {
		fprintf(stderr, "bench_registrar: %s\n", problem);
		exit(1);
	}
}

static uint32_t write_request(char *text, size_t size, uint32_t user, const char *name)
{
	int length = snprintf(
		text, size,
		"REGISTER sip:company.example.net SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 10.%u.%u.%u:5060;rport;branch=z9hG4bKPj1f6e0c3b-54a2-4d8e-9c17-%012x\r\n"
		"From: \"Extension %u\" <sip:%s@company.example.net>;tag=e7f3a1c5-0b92-4e6d-8f31-%08x\r\n"
		"To: \"Extension %u\" <sip:%s@company.example.net>\r\n"
		"Call-ID: 2b8d4f70-6a1c-4e93-b5d2-%012x\r\n"
		"CSeq: %u REGISTER\r\n"
		"Contact: <sip:%s@10.%u.%u.%u:5060;ob>\r\n"
		"Expires: 3600\r\n"
		"Max-Forwards: 70\r\n"
		"User-Agent: Yealink SIP-T46S 66.86.0.15\r\n"
		"Supported: outbound, path\r\n"
		"Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, NOTIFY, SUBSCRIBE, REFER, UPDATE, PRACK, MESSAGE\r\n"
		"Authorization: Digest username=\"%s\",realm=\"company.example.net\","
		"nonce=\"AQAAAABlX0d3c2l0aW9uLW5vbmNlLWJhc2U2NHVybA\",uri=\"sip:company.example.net\","
		"response=\"6629fae49393a05397450978507c4ef1\",cnonce=\"f2c9d45a71b0\",nc=%08x,qop=auth,"
		"algorithm=MD5\r\n"
		"Content-Length: 0\r\n\r\n",
		user >> 16 & 255, user >> 8 & 255, user & 255, bench.cseq, user, name, user, user, name, user,
		bench.cseq, name, user >> 16 & 255, user >> 8 & 255, user & 255, name, bench.cseq);
	return (uint32_t)length;
}

/* What the lcores would send. */
static void take_answers(void)
{
	struct dataplane *dataplane = registrar_rig_dataplane();
	void *mbuf[64];
	uint32_t count;

	while ((count = rte_ring_dequeue_burst(dataplane->reinject[0], mbuf, 64, NULL)) > 0) {
		for (uint32_t i = 0; i < count; i++)
			bench.answered +=
				memcmp(rte_pktmbuf_mtod((struct rte_mbuf *)mbuf[i], char *), "SIP/2.0 200", 11) == 0;
		rte_pktmbuf_free_bulk((struct rte_mbuf **)mbuf, count);
	}
}

/* BATCH users that are spread over all, as those are that happen to be due. Result: nanoseconds of CPU. */
static uint64_t register_batch(uint32_t first)
{
	static char text[BATCH][1536];
	static struct span payload[BATCH];
	static struct punt punt[BATCH];

	for (uint32_t i = 0; i < BATCH; i++) {
		char name[32];
		uint32_t user = (uint32_t)((uint64_t)(first + i) * 2654435761u % bench.user_count);
		int length = snprintf(name, sizeof(name), "phone%06u", user);
		payload[i] = span_make(text[i], write_request(text[i], sizeof(text[i]), user, name));
		punt[i] = (struct punt){.kind = PUNT_REGISTER, .interface = 1, .company_id = 7};
		punt[i].peer = registrar_rig_address("10.0.0.0:5060");
		punt[i].peer.ip[13] = (uint8_t)(user >> 16);
		punt[i].peer.ip[14] = (uint8_t)(user >> 8);
		punt[i].peer.ip[15] = (uint8_t)user;
		punt[i].local = registrar_rig_address("198.51.100.1:5060");
		make_key(punt[i].aor_key, span_make(name, (size_t)length));
	}
	uint64_t start = bench_report_cpu_ns();
	for (uint32_t i = 0; i < BATCH; i++)
		registrar_take(bench.registrar, &punt[i], payload[i]);
	registrar_flush(bench.registrar);
	uint64_t taken = bench_report_cpu_ns() - start;
	take_answers();
	return taken;
}

/* `count` of them, from `first` on. Result: nanoseconds of each. */
static double register_many(uint32_t first, uint32_t count)
{
	uint64_t ns = 0;
	uint32_t batches = (count + BATCH - 1) / BATCH;

	bench.cseq++;
	for (uint32_t i = 0; i < batches; i++)
		ns += register_batch(first + i * BATCH);
	return (double)ns / (batches * BATCH);
}

static double file_bytes(void)
{
	static const char *const endings[] = {"", "-wal"};
	char path[128];
	struct stat file;
	double bytes = 0;

	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/bindings.db%s", bench.state_dir, endings[i]);
		if (stat(path, &file) == 0)
			bytes += (double)file.st_size;
	}
	return bytes;
}

static void report_ns(const char *workload, double ns)
{
	bench_report_row(&report, workload, "CPU ns", ns);
	bench_report_row(&report, workload, "REGISTER/s", 1e9 / ns);
}

static void remove_state(void)
{
	static const char *const endings[] = {"", "-wal", "-shm"};
	char path[128];

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/bindings.db%s", bench.state_dir, endings[i]);
		unlink(path);
	}
	rmdir(bench.state_dir);
}

int main(int argc, char **argv)
{
	const struct bench_option options[] = {{"--users", &bench.user_count, 512, 4000000}, {0}};
	double refresh[ROUNDS];

	if (!bench_report_init_with(&report, "bench_registrar", argc, argv, options))
		return 2;
	if (!bench.user_count)
		bench.user_count = report.is_short ? USERS_SHORT : USERS;
	must(registrar_rig_start_eal());
	snprintf(bench.state_dir, sizeof(bench.state_dir), STATE_PARENT "/amity-bench-XXXXXX");
	must(mkdtemp(bench.state_dir) != NULL);
	open_registrar();

	report_ns("first", register_many(0, bench.user_count));
	uint32_t round_count = bench.user_count < 20 * BATCH ? bench.user_count : 20 * BATCH;
	for (uint32_t i = 0; i < ROUNDS; i++)
		refresh[i] = register_many(i * round_count, round_count);
	report_ns("refresh", bench_report_median(refresh, ROUNDS));
	struct registrar_counts counts = registrar_counts(bench.registrar);
	bench_report_row(&report, "file", "bytes/binding", file_bytes() / counts.bindings);
	bool all_answered = bench.answered == counts.requests && counts.requests > 0;
	if (!all_answered)
		fprintf(stderr, "bench_registrar: of %" PRIu64 " requests %" PRIu64 " got a 200\n", counts.requests,
			bench.answered);
	registrar_close(bench.registrar);
	reinject_free(bench.reinject);
	location_table_free(bench.location);
	remove_state();
	return all_answered ? 0 : 1;
}
