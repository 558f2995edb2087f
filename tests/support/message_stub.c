#include "message_stub.h"

#include <stdlib.h>
#include <strings.h>

static const struct {
	const char *text;
	uint8_t name;
} header_names[] = {
	{"Via", SIP_HEADER_VIA}, {"v", SIP_HEADER_VIA},		  {"From", SIP_HEADER_FROM},
	{"To", SIP_HEADER_TO},	 {"Call-ID", SIP_HEADER_CALL_ID}, {"CSeq", SIP_HEADER_CSEQ},
};

static struct slice slice_of(const struct sip_message *message, struct span part)
{
	return (struct slice){(uint16_t)(part.at - message->bytes.at), (uint16_t)part.length};
}

/* What follows `name` up to a separator; length 0 when the name is not there. */
static struct span value_after(struct span text, const char *name)
{
	const char *at = memmem(text.at, text.length, name, strlen(name));
	struct span value = {text.at, 0};

	if (!at)
		return value;
	value.at = at + strlen(name);
	while (value.at + value.length < text.at + text.length && !memchr(";,> \r", value.at[value.length], 5))
		value.length++;
	return value;
}

static void fill_via(struct sip_message *message, struct span value)
{
	const char *host = memchr(value.at, ' ', value.length);
	const char *end = value.at + value.length, *at = ++host;
	const char *comma = memchr(value.at, ',', value.length);

	while (at < end && *at != ';' && *at != ',' && (*at != ':' || (*host == '[' && at[-1] != ']')))
		at++;
	message->via_host = slice_of(message, span_make(host, (size_t)(at - host)));
	if (at < end && *at == ':')
		message->via_port = (uint16_t)strtoul(at + 1, NULL, 10);

	struct span first = span_make(value.at, (size_t)((comma ? comma : end) - value.at));
	message->via_branch = slice_of(message, value_after(first, ";branch="));
	message->via_has_rport = memmem(first.at, first.length, "rport", 5) != NULL;
}

static void fill_parts(struct sip_message *message, uint8_t name, struct span value)
{
	if (name == SIP_HEADER_VIA)
		fill_via(message, value);
	else if (name == SIP_HEADER_FROM)
		message->from_tag = slice_of(message, value_after(value, ";tag="));
	else if (name == SIP_HEADER_TO)
		message->to_tag = slice_of(message, value_after(value, ";tag="));
	else if (name == SIP_HEADER_CALL_ID)
		message->call_id = slice_of(message, value);
	else if (name == SIP_HEADER_CSEQ)
		message->cseq = (uint32_t)strtoul(value.at, NULL, 10);
}

static void add_header(struct sip_message *message, struct span line)
{
	const char *colon = memchr(line.at, ':', line.length);
	struct span name = span_make(line.at, (size_t)(colon - line.at));
	struct span value = span_trim(span_make(colon + 1, line.length - name.length - 1));
	struct sip_header *header = &message->header[message->header_count];

	*header = (struct sip_header){.start = slice_of(message, line).offset,
				      .value = slice_of(message, value).offset,
				      .value_length = (uint16_t)value.length};
	for (size_t i = 0; i < sizeof(header_names) / sizeof(header_names[0]); i++)
		if (span_equals_nocase(name, span_of_text(header_names[i].text)))
			header->name = header_names[i].name;
	if (message->first[header->name] == SIP_HEADER_NONE) {
		message->first[header->name] = message->header_count;
		fill_parts(message, header->name, value);
	}
	message->header_count++;
}

void message_stub_fill(struct sip_message *message, struct span bytes)
{
	*message = (struct sip_message){.bytes = bytes, .is_request = true};
	memset(message->first, SIP_HEADER_NONE, sizeof(message->first));

	for (uint32_t at = 0; at < bytes.length;) {
		const char *end = memmem(bytes.at + at, bytes.length - at, "\r\n", 2);
		struct span line = span_make(bytes.at + at, (size_t)(end - bytes.at) - at);
		if (line.length == 0) {
			message->headers_end = (uint16_t)at;
			return;
		}
		if (at != 0)
			add_header(message, line);
		at += line.length + 2;
	}
}
