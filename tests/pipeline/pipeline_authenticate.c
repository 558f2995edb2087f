/*
 * pipeline_authenticate - R2 for requests that come in one burst: their digests are verified side by side, and each
 * has its own outcome all the same, in the order in which they came.
 */
#include <rte_common.h>
#include <rte_ring_elem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ban_table_write.h"
#include "cmocka_all.h"
#include "nonce.h"
#include "pipeline_case.h"
#include "worker.h"

#define SOURCE	    "192.0.2.7:5060"
#define CSEQ_OF_ROW 1000
#define FORWARDED   0 /* instead of a status */

enum shape {
	SHAPE_ONE,
	SHAPE_NONE,	   /* no credentials */
	SHAPE_MALFORMED,   /* Digest without a response */
	SHAPE_FOREIGN,	   /* the nonce of the burst's first request */
	SHAPE_AGAIN,	   /* Call-ID and credentials of the row before, for another target */
	SHAPE_WRONG_RIGHT, /* SHA-256 wrong, MD5 right, in two headers */
	SHAPE_RIGHT_WRONG,
	SHAPE_WRONG_WRONG,
	SHAPE_OTHER_RIGHT, /* one for another realm before one that is right */
	SHAPE_OTHER_AGAIN, /* as SHAPE_AGAIN, behind one for another realm that has another nonce */
	SHAPE_BOTH_NAMES,  /* a wrong one, and a right one in the header that is not looked at then */
};

struct row {
	const char *method, *user, *password, *algorithm;
	enum shape shape;
	unsigned int nc;
	int status;
	enum reason reason; /* REASON_NONE: forwarded */
	const char *domain; /* [acme.example.net] */
};

static const struct row mixed[] = {
	{"MESSAGE", "alice", "secret-a", "MD5", SHAPE_ONE, 1, FORWARDED, REASON_NONE, NULL},
	{"MESSAGE", "alice", "guess", "MD5", SHAPE_ONE, 1, 407, REASON_WRONG_CREDENTIALS, NULL},
	{"MESSAGE", "nobody", "guess", "MD5", SHAPE_ONE, 1, 407, REASON_WRONG_CREDENTIALS, NULL},
	{"MESSAGE", "alice", "secret-a", "SHA-256", SHAPE_ONE, 1, FORWARDED, REASON_NONE, NULL},
	{"MESSAGE", "bob", "secret-a", "SHA-256", SHAPE_ONE, 1, 407, REASON_WRONG_CREDENTIALS, NULL},
	{"REGISTER", "alice", "secret-a", "MD5", SHAPE_ONE, 1, 200, REASON_PUNTED_REGISTER, NULL},
	{"REGISTER", "bob", "secret-a", "MD5", SHAPE_ONE, 1, 401, REASON_WRONG_CREDENTIALS_REGISTER, NULL},
	{"REGISTER", "bob", "secret-b", "SHA-256", SHAPE_ONE, 1, 200, REASON_PUNTED_REGISTER, NULL},
	{"MESSAGE", "alice", NULL, NULL, SHAPE_NONE, 1, 407, REASON_CHALLENGED, NULL},
	{"REGISTER", "alice", NULL, NULL, SHAPE_NONE, 1, 401, REASON_CHALLENGED_REGISTER, NULL},
	{"MESSAGE", "alice", NULL, NULL, SHAPE_MALFORMED, 1, 400, REASON_MALFORMED_CREDENTIALS, NULL},
	{"MESSAGE", "alice", "secret-a", "MD5", SHAPE_FOREIGN, 1, 407, REASON_CHALLENGED_STALE, NULL},
	{"MESSAGE", "bob", "secret-b", "MD5", SHAPE_ONE, 0, FORWARDED, REASON_NONE, NULL},
	{"MESSAGE", "bob", "secret-b", "MD5", SHAPE_AGAIN, 0, 407, REASON_REPLAY, NULL},
	{"MESSAGE", "hq", "secret-h", "MD5", SHAPE_ONE, 1, FORWARDED, REASON_NONE, NULL},
	{"MESSAGE", "hq", "secret-h", "MD5", SHAPE_AGAIN, 1, 407, REASON_REPLAY, NULL},
	{"MESSAGE", "alice", "secret-a", NULL, SHAPE_WRONG_RIGHT, 1, FORWARDED, REASON_NONE, NULL},
	{"MESSAGE", "alice", "secret-a", NULL, SHAPE_RIGHT_WRONG, 1, FORWARDED, REASON_NONE, NULL},
	{"MESSAGE", "alice", "guess", NULL, SHAPE_WRONG_WRONG, 1, 407, REASON_WRONG_CREDENTIALS, NULL},
	{"MESSAGE", "bob", "secret-b", NULL, SHAPE_OTHER_RIGHT, 1, FORWARDED, REASON_NONE, NULL},
	{"MESSAGE", "bob", "secret-b", NULL, SHAPE_BOTH_NAMES, 1, 407, REASON_WRONG_CREDENTIALS, NULL},
	{"MESSAGE", "alice", NULL, NULL, SHAPE_NONE, 1, 403, REASON_NO_COMPANY, "nowhere.example"},
	{"MESSAGE", "alice", "secret-a", "MD5", SHAPE_ONE, 1, 407, REASON_WRONG_CREDENTIALS, "globex.example.net"},
	{"MESSAGE", "pbx", "secret-p", "MD5", SHAPE_ONE, 1, FORWARDED, REASON_NONE, NULL},
	{"MESSAGE", "pbx", "secret-P", "MD5", SHAPE_ONE, 1, 407, REASON_WRONG_CREDENTIALS, NULL},
	{"MESSAGE", "bob", "secret-b", NULL, SHAPE_OTHER_RIGHT, 1, FORWARDED, REASON_NONE, NULL},
	{"MESSAGE", "bob", "secret-b", NULL, SHAPE_OTHER_AGAIN, 1, 407, REASON_REPLAY, NULL},
};
_Static_assert(RTE_DIM(mixed) <= BURST_MAX, "all in one burst");

/* One request of the burst, with what its fields point into. */
struct made {
	char uri[128], from[128], to[128], call_id[64], branch[64], headers[4096];
	char challenge[2048];
	struct sip_request request;
};

struct burst {
	struct pipeline *pipeline;
	const struct row *row;
	uint32_t count;
	const char *source;
	struct made made[BURST_MAX];
	bool is_done[BURST_MAX];
	struct pipeline_message message;
};

static bool is_again(const struct row *row)
{
	return row->shape == SHAPE_AGAIN || row->shape == SHAPE_OTHER_AGAIN;
}

static void write_request(struct burst *burst, uint32_t i)
{
	const struct row *row = &burst->row[i];
	struct made *made = &burst->made[i];
	bool is_register = strcmp(row->method, "REGISTER") == 0;
	const char *domain = row->domain ? row->domain : "acme.example.net";
	uint32_t named = is_again(row) ? i - 1 : i; /* whose call it is */

	if (is_register)
		snprintf(made->uri, sizeof(made->uri), "sip:%s", domain);
	else
		snprintf(made->uri, sizeof(made->uri), "sip:20%02u@%s", i + 10, domain);
	snprintf(made->from, sizeof(made->from), "<sip:%s@%s>", row->user, domain);
	snprintf(made->to, sizeof(made->to), "<sip:20%02u@%s>", i + 10, domain);
	snprintf(made->call_id, sizeof(made->call_id), "burst-%u", named);
	snprintf(made->branch, sizeof(made->branch), "z9hG4bKfirst%u", i);
	snprintf(made->headers, sizeof(made->headers), "%s", is_register ? "Contact: <sip:phone@192.0.2.7>\r\n" : "");
	made->request = (struct sip_request){.method = row->method,
					     .uri = made->uri,
					     .from = made->from,
					     .to = is_register ? made->from : made->to,
					     .via = burst->source,
					     .branch = made->branch,
					     .call_id = made->call_id,
					     .headers = made->headers};
}

static void ask_for_challenge(struct burst *burst, uint32_t i)
{
	char text[SIP_TEXT_BYTES_MAX];

	sip_request_write(text, &burst->made[i].request);
	pipeline_send(burst->pipeline, burst->source, text);
	pipeline_case_expect(burst->pipeline, &burst->message);
	assert_true(strlen(burst->message.text) < sizeof(burst->made[i].challenge));
	strcpy(burst->made[i].challenge, burst->message.text);
}

static void add_credentials(struct burst *burst, uint32_t i, const char *challenge, const char *password,
			    const char *algorithm)
{
	const struct row *row = &burst->row[i];
	struct made *made = &burst->made[i];
	struct sip_account account = {.user = row->user, .password = password, .algorithm = algorithm, .nc = row->nc};
	char line[1024];

	sip_authorization_write(line, challenge, &account, row->method, made->uri);
	strcat(made->headers, line);
}

static void write_credentials(struct burst *burst, uint32_t i)
{
	const struct row *row = &burst->row[i];
	struct made *made = &burst->made[i];
	char *other;

	switch (row->shape) {
	case SHAPE_ONE:
		add_credentials(burst, i, made->challenge, row->password, row->algorithm);
		break;
	case SHAPE_NONE:
		break;
	case SHAPE_MALFORMED:
		strcat(made->headers, "Proxy-Authorization: Digest username=\"alice\", realm=\"acme.example.net\"\r\n");
		break;
	case SHAPE_FOREIGN:
		add_credentials(burst, i, burst->made[0].challenge, row->password, row->algorithm);
		break;
	case SHAPE_AGAIN:
		strcpy(made->headers, burst->made[i - 1].headers);
		break;
	case SHAPE_OTHER_AGAIN:
		strcpy(made->headers, burst->made[i - 1].headers);
		other = strstr(made->headers, "nonce=\"") + strlen("nonce=\"") + NONCE_TEXT_BYTES - 2;
		*other = *other == 'A' ? 'B' : 'A';
		break;
	case SHAPE_WRONG_RIGHT:
	case SHAPE_RIGHT_WRONG:
	case SHAPE_WRONG_WRONG:
		add_credentials(burst, i, made->challenge, row->shape == SHAPE_RIGHT_WRONG ? row->password : "guess",
				"SHA-256");
		add_credentials(burst, i, made->challenge, row->shape == SHAPE_WRONG_RIGHT ? row->password : "guess",
				"MD5");
		break;
	case SHAPE_OTHER_RIGHT:
		add_credentials(burst, i, made->challenge, "guess", "MD5");
		other = strstr(made->headers, "acme.example.net");
		memcpy(other, "ACNE", 4);
		add_credentials(burst, i, made->challenge, row->password, "MD5");
		break;
	case SHAPE_BOTH_NAMES:
		add_credentials(burst, i, made->challenge, row->password, "MD5");
		other = strstr(made->headers, "Proxy-Authorization");
		memmove(other, other + strlen("Proxy-"), strlen(other + strlen("Proxy-")) + 1);
		add_credentials(burst, i, made->challenge, "guess", "MD5");
		break;
	}
}

/* All requests, each with its credentials, before the worker runs again. */
static void put_all(struct burst *burst)
{
	char text[SIP_TEXT_BYTES_MAX];

	for (uint32_t i = 0; i < burst->count; i++) {
		struct made *made = &burst->made[i];
		snprintf(made->branch, sizeof(made->branch), "z9hG4bKsecond%u", i);
		made->request.cseq = CSEQ_OF_ROW + i;
		sip_request_write(text, &made->request);
		pipeline_put(burst->pipeline, 0, burst->source, span_of_text(text));
	}
}

static void make_all(struct burst *burst)
{
	for (uint32_t i = 0; i < burst->count; i++) {
		write_request(burst, i);
		if (burst->row[i].password && !is_again(&burst->row[i]))
			ask_for_challenge(burst, i);
		write_credentials(burst, i);
	}
}

/* Everything that left: each row has the status that it wants. Answers of the lcore leave in the order of requests. */
static void expect_outcomes(struct burst *burst, bool in_order)
{
	uint32_t done = 0, last = 0;

	memset(burst->is_done, 0, sizeof(burst->is_done));
	for (; pipeline_take(burst->pipeline, &burst->message); done++) {
		char cseq[64];
		assert_true(sip_find_header(cseq, sizeof(cseq), burst->message.text, "CSeq", 0));
		uint32_t i = (uint32_t)atoi(cseq) - CSEQ_OF_ROW;
		assert_true(i < burst->count && !burst->is_done[i]);
		burst->is_done[i] = true;
		int status = sip_status(burst->message.text);
		if (status != burst->row[i].status)
			fail_msg("row %u: %d instead of %d", i, status, burst->row[i].status);
		if (in_order && status > 200) {
			assert_true(i >= last);
			last = i;
		}
	}
	assert_int_equal(done, burst->count);
}

static uint64_t rows_with(const struct burst *burst, enum reason reason)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < burst->count; i++)
		count += burst->row[i].reason == reason;
	return count;
}

static void r2_every_outcome_in_one_burst(void **state)
{
	struct burst *burst = calloc(1, sizeof(*burst));
	uint64_t before[REASON_COUNT];

	assert_non_null(burst);
	*burst = (struct burst){.row = mixed, .count = RTE_DIM(mixed), .source = SOURCE};
	burst->pipeline = pipeline_start(*(const uint32_t *)*state, pipeline_case_provisioning);
	make_all(burst);
	for (int reason = 0; reason < REASON_COUNT; reason++)
		before[reason] = pipeline_reason(burst->pipeline, (enum reason)reason);
	put_all(burst);
	pipeline_run(burst->pipeline);
	for (int reason = REASON_NONE + 1; reason < REASON_COUNT; reason++)
		if (rows_with(burst, (enum reason)reason))
			assert_int_equal(pipeline_reason(burst->pipeline, (enum reason)reason) - before[reason],
					 rows_with(burst, (enum reason)reason));
	expect_outcomes(burst, *(const uint32_t *)*state == 1);
	pipeline_stop(burst->pipeline);
	free(burst);
}

static void key_of(struct ban_key *key, const struct burst *burst, const struct row *row)
{
	const struct secret_keys *keys = pipeline_dataplane(burst->pipeline)->snapshot->keys;

	endpoint_key_make(key->aor_key, keys->aor_key, span_of_text(row->user),
			  span_of_text(row->domain ? row->domain : "acme.example.net"));
	net_address_set_v4(key->ip, (uint8_t[]){192, 0, 2, 7});
}

/* One report for each wrong password, also for those that a right one stands beside, in the order of the requests. */
static void r2_failures_of_one_burst_are_all_reported(void **state)
{
	static const uint32_t failures[] = {1, 2, 4, 6, 16, 18, 18, 20, 22, 24};
	struct burst *burst = calloc(1, sizeof(*burst));
	struct auth_failure failure;
	struct ban_key key;

	(void)state;
	assert_non_null(burst);
	*burst = (struct burst){.row = mixed, .count = RTE_DIM(mixed), .source = SOURCE};
	burst->pipeline = pipeline_start(1, pipeline_case_provisioning);
	make_all(burst);
	put_all(burst);
	struct rte_ring *reports = pipeline_dataplane(burst->pipeline)->auth_failure[0];
	assert_int_equal(rte_ring_count(reports), 0);
	worker_burst(pipeline_worker(burst->pipeline, 0));
	for (uint32_t i = 0; i < RTE_DIM(failures); i++) {
		key_of(&key, burst, &mixed[failures[i]]);
		assert_int_equal(rte_ring_dequeue_elem(reports, &failure, sizeof(failure)), 0);
		assert_memory_equal(&failure.key, &key, sizeof(key));
	}
	assert_int_equal(rte_ring_count(reports), 0);
	pipeline_run(burst->pipeline);
	expect_outcomes(burst, true);
	pipeline_stop(burst->pipeline);
	free(burst);
}

/* Bans of a name that exists, of one that does not, and of one from elsewhere, in the midst of others. */
static void r2_bans_in_one_burst(void **state)
{
	static const struct row rows[] = {
		{"MESSAGE", "alice", "secret-a", "MD5", SHAPE_ONE, 1, 403, REASON_BANNED, NULL},
		{"MESSAGE", "bob", "secret-b", "MD5", SHAPE_ONE, 1, FORWARDED, REASON_NONE, NULL},
		{"MESSAGE", "nobody", "guess", "MD5", SHAPE_ONE, 1, 403, REASON_BANNED, NULL},
		{"MESSAGE", "noone", "guess", "MD5", SHAPE_ONE, 1, 407, REASON_WRONG_CREDENTIALS, NULL},
		{"REGISTER", "alice", "secret-a", "SHA-256", SHAPE_ONE, 1, 403, REASON_BANNED, NULL},
		{"MESSAGE", "hq", "secret-h", "MD5", SHAPE_ONE, 1, FORWARDED, REASON_NONE, NULL},
		{"MESSAGE", "alice", "guess", NULL, SHAPE_WRONG_RIGHT, 1, 403, REASON_BANNED, NULL},
	};
	static const uint32_t banned[] = {0, 2};
	struct burst *burst = calloc(1, sizeof(*burst));
	struct ban_key key;

	assert_non_null(burst);
	*burst = (struct burst){.row = rows, .count = RTE_DIM(rows), .source = SOURCE};
	burst->pipeline = pipeline_start(*(const uint32_t *)*state, pipeline_case_provisioning);
	make_all(burst);
	for (uint32_t i = 0; i < RTE_DIM(banned); i++) {
		key_of(&key, burst, &rows[banned[i]]);
		assert_int_equal(ban_table_write_put(pipeline_bans(burst->pipeline), &key, 3600), STATUS_OK);
	}
	key_of(&key, burst, &rows[1]);
	key.ip[15] ^= 1;
	assert_int_equal(ban_table_write_put(pipeline_bans(burst->pipeline), &key, 3600), STATUS_OK);
	put_all(burst);
	pipeline_run(burst->pipeline);
	expect_outcomes(burst, *(const uint32_t *)*state == 1);
	assert_int_equal(pipeline_reason(burst->pipeline, REASON_BANNED), rows_with(burst, REASON_BANNED));
	assert_int_equal(pipeline_reason(burst->pipeline, REASON_WRONG_CREDENTIALS), 1);
	pipeline_stop(burst->pipeline);
	free(burst);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIPELINE_CASE_ROWS(r2_every_outcome_in_one_burst),
		cmocka_unit_test(r2_failures_of_one_burst_are_all_reported),
		PIPELINE_CASE_ROWS(r2_bans_in_one_burst),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
