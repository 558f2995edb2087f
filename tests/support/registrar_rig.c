#include "registrar_rig.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_mbuf.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring_elem.h>
#include <sodium.h>

#include "call.h"

int64_t registrar_rig_now_s = 1800000000;
bool registrar_rig_pbx_exists = true;

static struct dataplane rig_dataplane;

bool registrar_rig_start_eal(void)
{
	char *arguments[] = {"unit", "--no-huge", "--no-pci",	       "--no-shconf", "--no-telemetry",
			     "-m",   "64",	  "--log-level=error", NULL};
	static bool started;
	if (!started)
		started = sodium_init() >= 0 && rte_eal_init(8, arguments) >= 0;
	return started;
}

struct dataplane *registrar_rig_dataplane(void)
{
	struct dataplane *dataplane = &rig_dataplane;
	if (dataplane->pool)
		return dataplane;
	dataplane->worker_count = 1;
	dataplane->pool = rte_pktmbuf_pool_create("rig", 2047, 0,
						  RTE_ALIGN_CEIL(sizeof(struct punt), RTE_MBUF_PRIV_ALIGN), 9000, 0);
	dataplane->large_pool = rte_pktmbuf_pool_create(
		"rig_large", 15, 0, RTE_ALIGN_CEIL(sizeof(struct punt), RTE_MBUF_PRIV_ALIGN), UINT16_MAX, 0);
	dataplane->punt[0] = rte_ring_create("rig_punt", 1024, 0, 0);
	dataplane->reinject[0] = rte_ring_create("rig_reinject", 1024, 0, 0);
	dataplane->auth_failure[0] = rte_ring_create_elem("rig_failure", sizeof(struct auth_failure), 1024, 0, 0);
	dataplane->call_record[0] = rte_ring_create_elem("rig_calls", sizeof(struct call_record), 1024, 0, 0);
	dataplane->inquiry[0] = rte_ring_create("rig_inquiry", 8, 0, 0);
	dataplane->qsbr =
		aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(rte_rcu_qsbr_get_memsize(1), RTE_CACHE_LINE_SIZE));
	rte_rcu_qsbr_init(dataplane->qsbr, 1);
	rte_rcu_qsbr_thread_register(dataplane->qsbr, 0);
	return dataplane;
}

static int64_t rig_now_s(void)
{
	return registrar_rig_now_s;
}

void registrar_rig_key(uint8_t key[AOR_KEY_BYTES], const char *aor)
{
	crypto_generichash(key, AOR_KEY_BYTES, (const uint8_t *)aor, strlen(aor), NULL, 0);
}

static bool find_endpoint(const void *directory, struct registrar_endpoint *endpoint, struct span name,
			  struct span domain)
{
	static const char *const names[] = {"pbx", "alice", "watson", "user", "null-%00-null", "single"};
	char aor[256];
	(void)directory;
	snprintf(aor, sizeof(aor), SPAN_FORMAT "@" SPAN_FORMAT, SPAN_ARGUMENTS(name), SPAN_ARGUMENTS(domain));
	registrar_rig_key(endpoint->aor_key, aor);
	endpoint->company_id = 7;
	endpoint->multi_contact = !span_equals(name, SPAN_LITERAL("single"));
	if (!registrar_rig_pbx_exists && span_equals(name, SPAN_LITERAL("pbx")))
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_equals(name, span_of_text(names[i])))
			return true;
	return false;
}

enum status registrar_rig_try_open(struct registrar_rig *rig)
{
	rig->dataplane = registrar_rig_dataplane();
	enum status status = reinject_create(&rig->reinject, rig->dataplane);
	if (status == STATUS_OK)
		status = location_table_create(&rig->location, RIG_BINDINGS_MAX, rig->dataplane);
	if (status != STATUS_OK)
		return status;
	struct registrar_settings settings = {
		.state_dir = rig->state_dir,
		.reinject = rig->reinject,
		.location = rig->location,
		.base = rig->base,
		.max_bindings = RIG_BINDINGS_MAX,
		.find_endpoint = find_endpoint,
		.unix_now_s = rig_now_s,
	};
	status = registrar_open(&rig->registrar, &settings, rig->problem, sizeof(rig->problem));
	if (status != STATUS_OK)
		rig->registrar = NULL;
	return status == STATUS_OK ? registrar_restore(rig->registrar, rig->problem, sizeof(rig->problem)) : status;
}

static void must_open(struct registrar_rig *rig)
{
	enum status status = registrar_rig_try_open(rig);
	if (status == STATUS_OK)
		return;
	fprintf(stderr, "registrar does not open: %s: %s\n", status_text(status), rig->problem);
	abort();
}

void registrar_rig_open(struct registrar_rig *rig)
{
	memset(rig, 0, sizeof(*rig));
	snprintf(rig->state_dir, sizeof(rig->state_dir), "/tmp/amity-registrar-XXXXXX");
	if (!mkdtemp(rig->state_dir))
		abort();
	registrar_rig_now_s = 1800000000;
	registrar_rig_pbx_exists = true;
	must_open(rig);
}

void registrar_rig_close(struct registrar_rig *rig)
{
	registrar_close(rig->registrar);
	while (registrar_rig_receive(rig).length)
		;
	reinject_free(rig->reinject);
	location_table_free(rig->location);
	rig->registrar = NULL;
}

void registrar_rig_restart(struct registrar_rig *rig)
{
	registrar_rig_close(rig);
	must_open(rig);
}

void registrar_rig_remove_state(struct registrar_rig *rig)
{
	static const char *const endings[] = {"", "-wal", "-shm"};
	char path[128];
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/bindings.db%s", rig->state_dir, endings[i]);
		unlink(path);
	}
	rmdir(rig->state_dir);
}

struct net_address registrar_rig_address(const char *text)
{
	struct net_address address = {0};
	char host[64];
	const char *colon = strrchr(text, ':');
	bool v6 = *text == '[';
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text) - (v6 ? 2 : 0), text + (v6 ? 1 : 0));
	struct in_addr v4;
	if (v6)
		inet_pton(AF_INET6, host, address.ip);
	else if (inet_pton(AF_INET, host, &v4) == 1)
		net_address_set_v4(address.ip, &v4);
	address.port = (uint16_t)atoi(colon + 1);
	return address;
}

void registrar_rig_take(struct registrar_rig *rig, const char *name, const char *source, struct span message)
{
	char aor[256];
	struct punt punt = {.kind = PUNT_REGISTER, .interface = 1, .company_id = 7};
	punt.peer = registrar_rig_address(source);
	punt.local = registrar_rig_address("198.51.100.1:5060");
	const char *domain = strstr(name, "@");
	snprintf(aor, sizeof(aor), "%s%s", name, domain ? "" : "@" RIG_DOMAIN);
	registrar_rig_key(punt.aor_key, aor);
	registrar_take(rig->registrar, &punt, message);
}

struct span registrar_rig_receive(struct registrar_rig *rig)
{
	struct rte_mbuf *mbuf;
	if (rte_ring_dequeue(rig->dataplane->reinject[0], (void **)&mbuf) != 0)
		return (struct span){0};
	uint32_t length = rte_pktmbuf_pkt_len(mbuf);
	memcpy(rig->answer, rte_pktmbuf_mtod(mbuf, char *), length);
	rig->answer[length] = '\0';
	rig->answer_punt = *(struct punt *)rte_mbuf_to_priv(mbuf);
	rte_pktmbuf_free(mbuf);
	return span_make(rig->answer, length);
}

int registrar_rig_register(struct registrar_rig *rig, const char *name, const char *source, const char *message)
{
	registrar_rig_take(rig, name, source, span_of_text(message));
	registrar_flush(rig->registrar);
	struct span answer = registrar_rig_receive(rig);
	return answer.length > 12 && memcmp(answer.at, "SIP/2.0 ", 8) == 0 ? atoi(answer.at + 8) : 0;
}

const struct binding_set *registrar_rig_find(const struct registrar_rig *rig, const char *name)
{
	uint8_t key[AOR_KEY_BYTES];
	char aor[256];
	snprintf(aor, sizeof(aor), "%s%s", name, strchr(name, '@') ? "" : "@" RIG_DOMAIN);
	registrar_rig_key(key, aor);
	return location_find(location_table_location(rig->location), key);
}
