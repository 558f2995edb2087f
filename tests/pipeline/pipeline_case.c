#include "pipeline_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "text_write.h"

uint32_t pipeline_case_one_worker = 1, pipeline_case_three_workers = 3;

const char pipeline_case_provisioning[] =
	"carriers:\n"
	"  - name: telco\n"
	"    address: [\"udp:198.51.100.7:5060\"]\n"
	"    country: ES\n"
	"companies:\n"
	"  - name: acme\n"
	"    domain: acme.example.net\n"
	"    country: ES\n"
	"    outgoing_ddi: \"+34944000000\"\n"
	"    users:\n"
	"      - {name: alice, password: secret-a, extension: \"101\", display: Alice Doe}\n"
	"      - {name: bob, password: secret-b, extension: \"102\"}\n"
	"    friends:\n"
	"      - {name: hq, password: secret-h, priority: 10, direct: \"udp:192.0.2.10:5060\", patterns: "
	"[\"^2[0-9]{3}$\"]}\n"
	"      - {name: lab, password: secret-l, priority: 5, direct: \"udp:192.0.2.11:5070\", patterns: [\"^20\"], "
	"ddi_in: true}\n"
	"      - {name: pbx, password: secret-p, priority: 20, patterns: [\"^3\"], ddi_in: true}\n"
	"    extensions:\n"
	"      - {number: \"101\", route: {user: alice}}\n"
	"      - {number: \"102\", route: {user: bob}}\n"
	"      - {number: \"2001\", route: {user: bob}}\n"
	"      - {number: \"199\"}\n"
	"    ddis:\n"
	"      - {number: \"+34944000000\", route: {friend: \"2500\"}}\n"
	"  - name: globex\n"
	"    domain: globex.example.net\n"
	"    country: ES\n"
	"    users:\n"
	"      - {name: alice, password: other, extension: \"101\"}\n"
	"    extensions:\n"
	"      - {number: \"101\", route: {user: alice}}\n";

void pipeline_case_expect(struct pipeline *pipeline, struct pipeline_message *message)
{
	if (!pipeline_take(pipeline, message))
		fail_msg("nothing left the router");
}

void pipeline_case_expect_header(const char *message, const char *name, const char *value)
{
	char found[2048];
	if (!sip_find_header(found, sizeof(found), message, name, 0))
		fail_msg("no %s in:\n%s", name, message);
	assert_string_equal(found, value);
}

void pipeline_case_expect_destination(const struct pipeline_message *message, const char *address)
{
	char text[64];
	struct text_writer writer = text_write_begin(text, sizeof(text) - 1);
	text_write_address(&writer, &message->destination);
	text[writer.length] = '\0';
	assert_string_equal(text, address);
}

void pipeline_case_register(struct pipeline *pipeline, const char *user, const char *password, const char *contact,
			    const char *source)
{
	char text[SIP_TEXT_BYTES_MAX], aor[128], call_id[64], contact_line[256], headers[1400], line[1024];
	struct pipeline_message message;
	struct sip_account account = {.user = user, .password = password, .nc = 1};

	snprintf(aor, sizeof(aor), "<sip:%s@acme.example.net>", user);
	snprintf(call_id, sizeof(call_id), "register-%s", user);
	snprintf(contact_line, sizeof(contact_line), "Contact: <%s>\r\n", contact);
	struct sip_request request = {.method = "REGISTER",
				      .uri = "sip:acme.example.net",
				      .from = aor,
				      .to = aor,
				      .via = source,
				      .call_id = call_id,
				      .headers = contact_line};
	sip_request_write(text, &request);
	pipeline_send(pipeline, source, text);
	pipeline_case_expect(pipeline, &message);
	assert_int_equal(sip_status(message.text), 401);
	sip_authorization_write(line, message.text, &account, "REGISTER", request.uri);
	snprintf(headers, sizeof(headers), "%s%s", contact_line, line);
	request.headers = headers;
	request.cseq = 2;
	request.branch = "z9hG4bKtest2";
	sip_request_write(text, &request);
	pipeline_send(pipeline, source, text);
	pipeline_case_expect(pipeline, &message);
	if (sip_status(message.text) != 200)
		fail_msg("REGISTER was answered:\n%s", message.text);
}

int pipeline_case_call(struct pipeline *pipeline, const char *source, struct sip_request *request,
		       const struct sip_account *account, struct pipeline_message *forwarded)
{
	char text[SIP_TEXT_BYTES_MAX], line[1024];
	static char headers[SIP_TEXT_BYTES_MAX];
	const char *extra = request->headers;

	sip_request_write(text, request);
	pipeline_send(pipeline, source, text);
	pipeline_case_expect(pipeline, forwarded);
	if (sip_status(forwarded->text) != 407)
		return sip_status(forwarded->text);
	sip_authorization_write(line, forwarded->text, account, request->method ? request->method : "INVITE",
				request->uri);
	snprintf(headers, sizeof(headers), "%s%s", extra ? extra : "", line);
	request->headers = headers;
	request->cseq = 2;
	request->branch = "z9hG4bKtest2";
	sip_request_write(text, request);
	pipeline_send(pipeline, source, text);
	pipeline_case_expect(pipeline, forwarded);
	return sip_status(forwarded->text);
}
