/*
 * bench_digest - what an authenticated request costs in cryptography: digests, nonces, cookies and the replay window;
 * and the names of branches, which need none.
 *
 * Each round takes the next of a set of calls, so that neither branch predictor nor cache knows the one text by heart.
 */
#include <openssl/evp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench_report.h"
#include "branch_name.h"
#include "digest_batch.h"
#include "md5_lanes.h"
#include "nonce.h"
#include "nonce_window.h"
#include "scan.h"
#include "seal_dialog.h"
#include "short_aes.h"

#define CALLS	    256
#define NOW_S	    1800000000u
#define WINDOW_SETS 1024

struct call {
	char texts[512]; /* what the spans below point into */
	struct span call_id, uri, from, to, shown_from, shown_to;
	char nonce[NONCE_TEXT_BYTES];
	char response[2][2 * 32 + 1]; /* hex with its end */
	struct digest_secret secret;
	struct digest_credentials credentials[2];
	char dialog[ROUTE_COOKIE_TEXT_BYTES_MAX], branch[BRANCH_NAME_TEXT_BYTES];
	struct span dialog_text;
	struct dialog_cookie cookie;
	struct branch_name branch_name;
};

struct bench {
	struct call call[CALLS];
	struct secret_keys keys;
	struct nonce_window window;
	uint64_t wrong; /* results that were not what they had to be */
};

static struct bench bench;
static struct bench_report report;
static const struct span realm = SPAN_LITERAL("company-4711.example.net"), method = SPAN_LITERAL("INVITE");

struct operation {
	void (*run)(struct call *call, uint32_t round);
	uint32_t round;
};

static void run_over_calls(void *argument)
{
	struct operation *operation = argument;

	for (uint32_t i = 0; i < CALLS; i++)
		operation->run(&bench.call[i], operation->round++);
}

static void measure(const char *workload, void (*run)(struct call *call, uint32_t round))
{
	struct operation operation = {.run = run};

	bench_report_measure(&report, workload, CALLS, run_over_calls, &operation);
}

/* The next text of a call: written behind the earlier ones. */
__attribute__((format(printf, 3, 0))) static struct span add_text(struct call *call, uint32_t *used, const char *format,
								  uint32_t a, uint32_t b)
{
	char *at = call->texts + *used;
	int length = snprintf(at, sizeof(call->texts) - *used, format, a, b);

	*used += (uint32_t)length;
	return span_make(at, (size_t)length);
}

/* Hex of the hash of a formatted text, worked out by EVP: the bench must not believe the code that it measures. */
__attribute__((format(printf, 3, 4))) static void write_hash(char *hex, const char *algorithm, const char *format, ...)
{
	char text[512];
	uint8_t hash[EVP_MAX_MD_SIZE];
	size_t hash_length;
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (!EVP_Q_digest(NULL, algorithm, NULL, text, (size_t)length, hash, &hash_length))
		exit(1);
	for (size_t i = 0; i < hash_length; i++)
		sprintf(hex + 2 * i, "%02x", hash[i]);
}

static void fill_credentials(struct call *call, uint8_t algorithm, struct span username, struct span cnonce)
{
	const char *name = algorithm == DIGEST_MD5 ? "MD5" : "SHA256";
	char ha1[65], ha2[65], *response = call->response[algorithm];

	digest_make_secret(&call->secret, username, realm, SPAN_LITERAL("s3cret"));
	write_hash(ha1, name, SPAN_FORMAT ":" SPAN_FORMAT ":s3cret", SPAN_ARGUMENTS(username), SPAN_ARGUMENTS(realm));
	write_hash(ha2, name, "INVITE:" SPAN_FORMAT, SPAN_ARGUMENTS(call->uri));
	write_hash(response, name, "%s:%.*s:00000001:" SPAN_FORMAT ":auth:%s", ha1, NONCE_TEXT_BYTES, call->nonce,
		   SPAN_ARGUMENTS(cnonce), ha2);
	call->credentials[algorithm] = (struct digest_credentials){
		.username = username,
		.realm = realm,
		.nonce = span_make(call->nonce, NONCE_TEXT_BYTES),
		.uri = call->uri,
		.response = span_of_text(response),
		.cnonce = cnonce,
		.qop = SPAN_LITERAL("auth"),
		.nc_text = SPAN_LITERAL("00000001"),
		.nc = 1,
		.algorithm = algorithm,
	};
}

static void fill_cookies(struct call *call, uint32_t index)
{
	call->cookie = (struct dialog_cookie){.company = 4711,
					      .call = index + 1,
					      .caller_tag_hash = index,
					      .flags = DIALOG_CALLER_FLOW,
					      .caller_flow = {.port = 40000},
					      .caller_from = call->from,
					      .caller_to = call->to,
					      .callee_from = call->shown_from,
					      .callee_to = call->shown_to};
	net_address_set_v4(call->cookie.caller_flow.ip, "\xc0\x00\x02\x04");
	int length = seal_dialog(call->dialog, sizeof(call->dialog), &call->cookie, &bench.keys, call->call_id);
	call->dialog_text = span_make(call->dialog, (size_t)length);
	call->branch_name = (struct branch_name){.slot = index, .secret = (index + 1) * 0x9e3779b97f4a7c15u};
	branch_name_write(call->branch, &call->branch_name);
}

static void fill_call(struct call *call, uint32_t index)
{
	uint32_t used = 0;

	call->call_id = add_text(call, &used, "%08x-384827629822@192.0.2.%u", index * 2654435761u, index % 250);
	call->uri = add_text(call, &used, "sip:%u00%u@company-4711.example.net", index % 9 + 1, index);
	call->from = add_text(call, &used, "\"Alice %u\" <sip:2%03u@company-4711.example.net>", index, index);
	call->to = add_text(call, &used, "<sip:00349112%u%04u@company-4711.example.net>", index % 10, index);
	call->shown_from = add_text(call, &used, "\"Alice %u\" <sip:2%03u@pbx.example.net>", index, index);
	call->shown_to = add_text(call, &used, "<sip:madrid-%u%u@company-4711.example.net>", index % 3, index);
	struct span username = add_text(call, &used, "2%03u%.0u", index, 0);
	struct span cnonce = add_text(call, &used, "0a4f%04x%08x", index, index * 7919u);

	nonce_issue(call->nonce, &bench.keys.nonce, NOW_S, &(struct nonce_scope){realm, call->call_id}, 1);
	fill_credentials(call, DIGEST_MD5, username, cnonce);
	fill_credentials(call, DIGEST_SHA256, username, cnonce);
	fill_cookies(call, index);
}

static void verify_md5(struct call *call, uint32_t round)
{
	(void)round;
	bench.wrong += !digest_verify(&call->secret, &call->credentials[DIGEST_MD5], method);
}

static void verify_sha256(struct call *call, uint32_t round)
{
	(void)round;
	bench.wrong += !digest_verify(&call->secret, &call->credentials[DIGEST_SHA256], method);
}

struct batch {
	struct digest_batch digests;
	uint32_t count, next;
	uint8_t algorithm;
};

/* One burst of so many credentials, of the next calls in turn. */
static void verify_batch(void *argument)
{
	struct batch *batch = argument;

	digest_batch_begin(&batch->digests);
	for (uint32_t i = 0; i < batch->count; i++) {
		struct call *call = &bench.call[batch->next++ % CALLS];
		digest_batch_add(&batch->digests, &call->secret, &call->credentials[batch->algorithm], method);
	}
	digest_batch_verify(&batch->digests);
	for (uint32_t i = 0; i < batch->count; i++)
		bench.wrong += !batch->digests.item[i].is_right;
}

static void measure_batches(const char *name, uint8_t algorithm)
{
	static const uint32_t counts[] = {1, 4, 8, 16, 32};
	static struct batch batch;

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		char workload[64];
		batch.count = counts[i];
		batch.algorithm = algorithm;
		snprintf(workload, sizeof(workload), "%s, %u in a burst", name, batch.count);
		bench_report_measure(&report, workload, batch.count, verify_batch, &batch);
	}
}

/* The same in each variant that this CPU has; the best stays. */
static void measure_variants(void)
{
	static const char *const names[] = {[MD5_LANES_SCALAR] = "MD5 alone",
					    [MD5_LANES_AVX2] = "MD5 by AVX2",
					    [MD5_LANES_AVX512] = "MD5 by AVX-512"};

	for (int variant = MD5_LANES_SCALAR; variant <= MD5_LANES_AVX512; variant++)
		if (md5_lanes_select((enum md5_lanes_variant)variant))
			measure_batches(names[variant], DIGEST_MD5);
	measure_batches("SHA-256", DIGEST_SHA256);
}

static void issue_nonce(struct call *call, uint32_t round)
{
	char text[NONCE_TEXT_BYTES];

	nonce_issue(text, &bench.keys.nonce, NOW_S + round, &(struct nonce_scope){realm, call->call_id}, round);
	bench.wrong += text[0] == '=';
}

static void verify_nonce(struct call *call, uint32_t round)
{
	uint32_t issued_s;

	bench.wrong += !nonce_verify(&issued_s, span_make(call->nonce, NONCE_TEXT_BYTES), &bench.keys.nonce,
				     NOW_S + round % NONCE_LIFE_S, &(struct nonce_scope){realm, call->call_id});
}

static void use_window(struct call *call, uint32_t round)
{
	nonce_window_use(&bench.window, nonce_window_name(span_make(call->nonce, NONCE_TEXT_BYTES)), round, NOW_S,
			 round, NOW_S);
}

static void seal_call(struct call *call, uint32_t round)
{
	char text[ROUTE_COOKIE_TEXT_BYTES_MAX];

	(void)round;
	bench.wrong += seal_dialog(text, sizeof(text), &call->cookie, &bench.keys, call->call_id) < 0;
}

static void open_dialog(struct call *call, uint32_t round)
{
	struct dialog_cookie cookie;
	char plain[ROUTE_COOKIE_PLAIN_BYTES_MAX];

	(void)round;
	bench.wrong += !route_cookie_open_dialog(&cookie, plain, call->dialog_text, &bench.keys, call->call_id);
}

/* As measure_variants(). */
static void measure_aes(void)
{
	static const char *const names[] = {[SHORT_AES_NI] = "AES-NI", [SHORT_AES_VAES] = "VAES"};
	static const struct {
		const char *name;
		void (*run)(struct call *call, uint32_t round);
	} rows[] = {{"nonce_issue", issue_nonce},
		    {"nonce_verify", verify_nonce},
		    {"route_cookie_seal_dialog", seal_call},
		    {"route_cookie_open_dialog", open_dialog}};

	for (enum short_aes_variant variant = SHORT_AES_NI; variant < SHORT_AES_VARIANTS; variant++)
		for (size_t i = 0; short_aes_select(variant) && i < sizeof(rows) / sizeof(rows[0]); i++) {
			char workload[64];
			snprintf(workload, sizeof(workload), "%s by %s", rows[i].name, names[variant]);
			measure(workload, rows[i].run);
		}
}

static void write_branch(struct call *call, uint32_t round)
{
	char text[BRANCH_NAME_TEXT_BYTES];

	(void)round;
	branch_name_write(text, &call->branch_name);
	bench.wrong += memcmp(text, call->branch, sizeof(text)) != 0;
}

static void read_branch(struct call *call, uint32_t round)
{
	struct branch_name name;

	(void)round;
	bench.wrong += !branch_name_read(&name, span_make(call->branch, sizeof(call->branch))) ||
		       name.secret != call->branch_name.secret;
}

int main(int argc, char **argv)
{
	if (sodium_init() < 0)
		return 1;
	randombytes_buf(&bench.keys, sizeof(bench.keys));
	for (int k = 0; k < 2; k++)
		bench.keys.nonce.id[k] = bench.keys.cookie.id[k] = (uint8_t)k;
	secret_keys_make_ready(&bench.keys);
	scan_select_best();
	bench.window.set_count = WINDOW_SETS;
	bench.window.entry = calloc(WINDOW_SETS * NONCE_WINDOW_WAYS, sizeof(*bench.window.entry));
	if (!bench.window.entry)
		return 1;
	for (uint32_t i = 0; i < CALLS; i++)
		fill_call(&bench.call[i], i);

	if (!bench_report_init(&report, "bench_digest", argc, argv))
		return 2;
	measure("digest_verify MD5", verify_md5);
	measure("digest_verify SHA-256", verify_sha256);
	measure_variants();
	measure_aes();
	measure("nonce_window_use", use_window);
	measure("branch_name_write", write_branch);
	measure("branch_name_read", read_branch);
	bench_report_row(&report, "dialog cookie", "bytes", bench.call[0].dialog_text.length);
	free(bench.window.entry);
	if (bench.wrong)
		fprintf(stderr, "bench_digest: %llu operations had a wrong result: the numbers mean nothing\n",
			(unsigned long long)bench.wrong);
	return bench.wrong ? 1 : 0;
}
