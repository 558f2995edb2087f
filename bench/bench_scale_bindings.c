#include "bench_scale_bindings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench_process.h"
#include "binding_store.h"
#include "clock_us.h"
#include "company.h"
#include "caller_identify.h"
#include "location_table.h"
#include "must.h"
#include "provision.h"
#include "registrar.h"

#define PUTS_A_COMMIT 10000
#define TEXT_BYTES    128

/* As phones register: a contact of some 60 bytes, a Call-ID of 40, one of a few User-Agents. */
static void put_binding(struct binding_store *store, uint32_t i, uint32_t company_count)
{
	static const char *const agents[] = {"Yealink SIP-T46S 66.86.0.15", "snomD785/10.1.148.1",
					     "Linphone/5.2.0 (pixel)"};
	char aor[TEXT_BYTES], contact[TEXT_BYTES], call_id[TEXT_BYTES];
	int64_t now_s = (int64_t)time(NULL);

	snprintf(aor, sizeof(aor), "phone-%u@c%u.example.net", i / company_count, i % company_count);
	snprintf(contact, sizeof(contact), "sip:phone-%06u@198.51.100.%u:%u;transport=udp;line=%08x", i / company_count,
		 1 + i % 200, 1024 + i % 60000, i * 2654435761u);
	snprintf(call_id, sizeof(call_id), "%08x-%08x-%08x-%06u@10.1.2.3", i, i * 7u, i * 13u, i % 1000000);
	struct binding_record draft = {
		.contact = span_of_text(contact),
		.call_id = span_of_text(call_id),
		.user_agent = span_of_text(agents[i % 3]),
		.received = {.port = (uint16_t)(1024 + i % 60000)},
		.local = {.port = 5060},
		.next_hop = {.port = (uint16_t)(1024 + i % 60000)},
		.registered_unix_s = now_s,
		.expires_unix_s = now_s + 3600 + i % 3600,
		.cseq = 1,
		.q = 1000,
		.behind_nat = true,
	};
	memcpy(draft.received.ip, (uint8_t[]){0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 7}, 16);
	memcpy(draft.next_hop.ip, draft.received.ip, 16);
	memcpy(draft.local.ip, (uint8_t[]){0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}, 16);
	must(binding_store_put(store, span_of_text(aor), &draft) == STATUS_OK);
}

static void fill_store(const char *directory, uint32_t count, uint32_t company_count)
{
	struct binding_store *store;
	char problem[512];

	must(binding_store_open(&store, directory, problem, sizeof(problem)) == STATUS_OK);
	for (uint32_t i = 0; i < count; i++) {
		if (i % PUTS_A_COMMIT == 0)
			must(binding_store_begin(store) == STATUS_OK);
		put_binding(store, i, company_count);
		if (i % PUTS_A_COMMIT == PUTS_A_COMMIT - 1 || i == count - 1)
			must(binding_store_commit(store) == STATUS_OK);
	}
	binding_store_close(store);
}

/* Of a company that there is any name is a user. */
static bool find_endpoint(const void *argument, struct registrar_endpoint *found, struct span name, struct span domain)
{
	const struct provision *provision = argument;
	const struct company *company = company_find_by_domain(provision_directory(provision), domain);

	if (!company)
		return false;
	endpoint_key_make(found->aor_key, provision_keys(provision)->aor_key, name, domain);
	found->company_id = company->id;
	found->multi_contact = false;
	return true;
}

void bench_scale_bindings_measure(struct bench_report *report, struct pipeline *pipeline, uint32_t count,
				  uint32_t company_count)
{
	char directory[] = "/tmp/amity-bench-bindings-XXXXXX", problem[512] = "", command[128];
	struct registrar *registrar;

	must(mkdtemp(directory));
	fill_store(directory, count, company_count);
	struct location_table *location = pipeline_location(pipeline);
	const struct registrar_settings settings = {.state_dir = directory,
						    .location = location,
						    .max_bindings = count,
						    .find_endpoint = find_endpoint,
						    .directory = pipeline_provision(pipeline)};
	uint64_t before = bench_process_used_bytes();
	uint64_t start_us = clock_us(), start_cpu_ns = bench_report_cpu_ns();
	must(registrar_open(&registrar, &settings, problem, sizeof(problem)) == STATUS_OK);
	must(registrar_restore(registrar, problem, sizeof(problem)) == STATUS_OK);
	must(registrar_counts(registrar).bindings == count);
	bench_report_row(report, "start, bindings from their store", "ms", (double)(clock_us() - start_us) / 1000);
	bench_report_row(report, "start, bindings from their store", "CPU ms",
			 (double)(bench_report_cpu_ns() - start_cpu_ns) / 1e6);
	uint64_t all = bench_process_used_bytes() - before, sets = location_table_fill(location).set_bytes;
	bench_report_row(report, "memory, a binding", "bytes", (double)all / count);
	bench_report_row(report, "memory, of it in the location table's sets", "bytes", (double)sets / count);
	bench_report_row(report, "memory, location table's hash, planned", "bytes",
			 (double)location_table_bytes(count) / count);
	registrar_close(registrar);
	snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	must(system(command) == 0);
}
