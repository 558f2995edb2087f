#include "wire_case.h"

#include <stdio.h>

#include "cmocka_all.h"
#include "must.h"
#include "pipeline_case.h"

struct span wire_case_options(bool v6, uint8_t source, uint32_t length)
{
	static char text[SIP_TEXT_BYTES_MAX], large[WIRE_CASE_BYTES_MAX + 1];
	char via[64], call_id[32];

	snprintf(via, sizeof(via), v6 ? "[2001:db8::%x]:5060" : "192.0.2.%u:5060", source);
	snprintf(call_id, sizeof(call_id), "options-%u@wire", source);
	struct sip_request request = {.method = "OPTIONS",
				      .uri = v6 ? "sip:[2001:db8::1]" : "sip:192.0.2.1",
				      .from = "<sip:alice@acme.example.net>",
				      .to = v6 ? "<sip:[2001:db8::1]>" : "<sip:192.0.2.1>",
				      .via = via,
				      .call_id = call_id};
	sip_request_write(text, &request);
	char *end = strstr(text, "Content-Length:");
	must(end != NULL);
	int head = snprintf(large, sizeof(large), "%.*sContent-Length: ", (int)(end - text), text);
	uint32_t body = length - (uint32_t)head - 5 - 4; /* five digits, an empty line */
	head += snprintf(large + head, sizeof(large) - (size_t)head, "%05u\r\n\r\n", body);
	must(length <= WIRE_CASE_BYTES_MAX && (uint32_t)head + body == length);
	for (uint32_t i = 0; i < body; i++)
		large[(uint32_t)head + i] = (char)('a' + i % 26 + i / 5000 % 3);
	return span_make(large, length);
}

void wire_case_expect_ok(struct pipeline *pipeline, bool v6, uint8_t source)
{
	struct pipeline_message message;
	char address[64];

	pipeline_case_expect(pipeline, &message);
	assert_int_equal(sip_status(message.text), 200);
	snprintf(address, sizeof(address), v6 ? "[2001:db8::%x]:5060" : "192.0.2.%u:5060", source);
	pipeline_case_expect_destination(&message, address);
}

void wire_case_expect_nothing(struct pipeline *pipeline)
{
	static struct pipeline_message message;

	if (pipeline_take(pipeline, &message))
		fail_msg("this left the router:\n%.300s", message.text);
}
