#include "fuzz_router.h"

#include <sodium.h>
#include <stdio.h>

#include "must.h"
#include "sip_client.h"

#define TRANSACTIONS 8 /* of each worker */
#define CALLS	     6

static const char provisioning[] =
	"carriers:\n"
	"  - name: telco\n"
	"    address: [\"udp:198.51.100.7:5060\", \"udp:198.51.100.8:5060\"]\n"
	"    country: ES\n"
	"    priority: 10\n"
	"    max_calls: 3\n"
	"  - name: other\n"
	"    address: [\"udp:203.0.113.9:40000\", \"udp:198.51.100.9:5060\"]\n"
	"    priority: 20\n"
	"companies:\n"
	"  - name: acme\n"
	"    domain: acme.example.net\n"
	"    country: ES\n"
	"    outgoing_ddi: \"+34944000000\"\n"
	"    emergency: [\"112\"]\n"
	"    users:\n"
	"      - {name: alice, password: secret-a, extension: \"101\", display: Alice Doe, call_acl: national}\n"
	"      - {name: bob, password: secret-b, extension: \"102\"}\n"
	"    friends:\n"
	"      - {name: hq, password: secret-h, priority: 10, direct: \"udp:192.0.2.10:5060\", patterns: "
	"[\"^2[0-9]{3}$\"], max_calls: 2, forwards: [{when: busy, to: {extension: \"102\"}}, {when: unregistered, to: "
	"{extension: \"900\"}}, {when: no_answer, after: 20, to: {extension: \"2002\"}}]}\n"
	"      - {name: lab, auth: source, priority: 5, direct: \"udp:192.0.2.11:5070\", patterns: [\"^20\"], "
	"ddi_in: true, from_user: trunk, from_domain: lab.example.org}\n"
	"      - {name: six, password: secret-6, priority: 6, direct: \"udp:[2001:db8::66]:5060\", patterns: [\"^6\"], "
	"ruri_domain: six.example.org}\n"
	"      - {name: ahead, password: secret-9, priority: 8, patterns: ['^4(?!2)[0-9]{2}$', '^8']}\n"
	"      - {name: silent, password: secret-s, priority: 7, direct: \"udp:192.0.2.99:5060\", patterns: [\"^7\"]}\n"
	"      - {name: pbx, password: secret-p, priority: 20, patterns: [\"^3\"], ddi_in: true}\n"
	"    extensions:\n"
	"      - {number: \"101\", route: {user: alice}}\n"
	"      - {number: \"102\", route: {user: bob}}\n"
	"      - {number: \"2001\", route: {user: bob}}\n"
	"      - {number: \"2002\", route: {friend: \"3002\"}}\n"
	"      - {number: \"900\", route: {number: \"+34900123123\"}}\n"
	"      - {number: \"901\", route: {friend: \"5\"}}\n"
	"      - {number: \"199\"}\n"
	"    ddis:\n"
	"      - {number: \"+34944000000\", route: {friend: \"2500\"}}\n"
	"      - {number: \"+34944000001\", route: {user: bob}, display: Sales}\n"
	"      - {number: \"+34944000002\"}\n"
	"    call_acls:\n"
	"      - {name: national, default: deny, rules: [{allow: '^\\+34[6789]'}, {deny: '^\\+34806'}]}\n"
	"  - name: globex\n"
	"    domain: globex.example.net\n"
	"    country: US\n"
	"    sources: [192.0.2.0/28]\n"
	"    users:\n"
	"      - {name: alice, password: other, extension: \"101\"}\n"
	"    extensions:\n"
	"      - {number: \"101\", route: {user: alice}}\n";

/* In place of libsodium's source: the keys are the same in every run. */
static uint32_t random_state = 1;

static const char *random_name(void)
{
	return "none";
}

static uint32_t random_word(void)
{
	random_state = random_state * 1664525u + 1013904223u;
	return random_state;
}

static void random_fill(void *const buffer, const size_t length)
{
	for (size_t i = 0; i < length; i++)
		((uint8_t *)buffer)[i] = (uint8_t)(random_word() >> 24);
}

static void register_endpoint(struct pipeline *pipeline, const char *user, const char *password, const char *contact,
			      const char *source)
{
	char text[SIP_TEXT_BYTES_MAX], aor[128], headers[1400], line[1024];
	struct pipeline_message message;
	struct sip_account account = {.user = user, .password = password, .nc = 1};
	struct sip_request request = {.method = "REGISTER",
				      .uri = "sip:acme.example.net",
				      .from = aor,
				      .to = aor,
				      .via = source,
				      .call_id = contact,
				      .headers = ""};

	snprintf(aor, sizeof(aor), "<sip:%s@acme.example.net>", user);
	sip_request_write(text, &request);
	pipeline_send(pipeline, source, text);
	must(pipeline_take(pipeline, &message));
	sip_authorization_write(line, message.text, &account, "REGISTER", request.uri);
	snprintf(headers, sizeof(headers), "Contact: <%s>\r\n%s", contact, line);
	request.headers = headers;
	request.cseq = 2;
	sip_request_write(text, &request);
	pipeline_send(pipeline, source, text);
	must(pipeline_take(pipeline, &message));
	must(sip_status(message.text) == 200);
}

struct pipeline *fuzz_router_start(uint32_t worker_count)
{
	static randombytes_implementation random = {
		.implementation_name = random_name, .random = random_word, .buf = random_fill};
	struct pipeline_sizes sizes = {.transaction_count = TRANSACTIONS * worker_count,
				       .call_count = CALLS * worker_count};

	must(randombytes_set_implementation(&random) == 0);
	must(sodium_init() >= 0);
	struct pipeline *pipeline = pipeline_start_sized(worker_count, provisioning, &sizes);
	register_endpoint(pipeline, "bob", "secret-b", "sip:bob@192.0.2.8:5062;ob", "192.0.2.8:5062");
	register_endpoint(pipeline, "bob", "secret-b", "sip:bob@192.0.2.7:5060", "192.0.2.7:5060");
	register_endpoint(pipeline, "pbx", "secret-p", "sip:pbx@10.0.0.8:5060;method=INVITE;x=y?a=b", "192.0.2.8:5062");
	return pipeline;
}
