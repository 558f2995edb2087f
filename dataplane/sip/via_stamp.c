#include "via_stamp.h"
#include "ipv4_write.h"

#define EACH_BYTE(byte) (0x0101010101010101ull * (byte))

static const struct span label_branch = SPAN_LITERAL(";branch="), label_rport = SPAN_LITERAL(";rport");

/* With quotes: they hide what stands between them. */
static uint32_t quoted_part_length(struct span text)
{
	bool quoted = false;

	for (uint32_t i = 0; i < text.length; i++) {
		char byte = text.at[i];
		if (quoted && byte == '\\')
			i++;
		else if (byte == '"')
			quoted = !quoted;
		else if (!quoted && ((byte == ';' && i != 0) || byte == ','))
			return i;
	}
	return text.length;
}

/* Length of the part that starts at text[0], up to the next ';' or ',' outside quotes. A ';' at text[0] itself belongs
 * to the part. `is_plain`: there is no quote and no comma. */
static uint32_t part_length(struct span text, bool is_plain)
{
	if (!is_plain)
		return quoted_part_length(text);
	const char *end = memchr(text.at + 1, ';', text.length - 1);
	return end ? (uint32_t)(end - text.at) : text.length;
}

static bool parameter_is(struct span part, struct span name)
{
	if (part.length == 0 || *part.at != ';')
		return false;
	part = span_skip(part, 1);

	const char *equals = memchr(part.at, '=', part.length);
	if (equals)
		part.length = (uint32_t)(equals - part.at);
	return span_equals_nocase(span_trim(part), name);
}

/* Without brackets: the grammar of received= (RFC 3261 25.1) has them for no address. */
static struct span received_text(char buffer[IP_TEXT_BYTES], const struct net_address *source)
{
	struct text_writer writer = text_write_begin(buffer, IP_TEXT_BYTES);

	text_write_ip(&writer, source->ip);
	if (net_address_is_v4(source->ip))
		return text_written(&writer);
	return span_make(buffer + 1, writer.length - 2);
}

/* Another spelling of the same IPv6 address counts as different: a received= too much does no harm. */
static bool sent_by_is_source(const struct sip_message *request, const struct net_address *source)
{
	struct span host = sip_message_text(request, request->via_host);
	char buffer[IP_TEXT_BYTES];

	if (net_address_is_v4(source->ip)) /* that has one spelling */
		return ipv4_write_equals(host, source->ip + 12);
	if (host.length >= 2 && *host.at == '[')
		host = span_make(host.at + 1, host.length - 2);
	return span_equals_nocase(host, received_text(buffer, source));
}

/* Neither received nor rport can be there when no parameter begins with r: then nothing has to be taken apart. */
static bool has_parameter_in_r(struct span value)
{
	const char *end = value.at + value.length;

	for (const char *at = value.length ? memchr(value.at, ';', value.length) : NULL; at;
	     at = memchr(at, ';', (size_t)(end - at))) {
		do
			at++;
		while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'));
		if (at == end)
			return false;
		if ((*at | 0x20) == 'r')
			return true;
	}
	return false;
}

/* Where the parameters begin, when no more than a port stands in front of them. NULL: elsewhere, or not seen. */
static const char *find_parameters(const struct sip_message *request)
{
	const char *host_end = request->bytes.at + request->via_host.offset + request->via_host.length;
	uint64_t word;

	if (request->via_host.length == 0 ||
	    request->via_branch.offset < request->via_host.offset + request->via_host.length + sizeof(word))
		return NULL;
	memcpy(&word, host_end, sizeof(word));
	word ^= EACH_BYTE(';');
	/* The lowest bit found is right, whatever the borrows are. */
	uint64_t found = (word - EACH_BYTE(1)) & ~word & EACH_BYTE(0x80);
	return found ? host_end + (size_t)__builtin_ctzll(found) / 8 : NULL;
}

static inline bool begins(const char *at, struct span text)
{
	return memcmp(at, text.at, text.length) == 0;
}

/* What a topmost Via consists of, nearly always: a place and its branch, "host:5060;branch=z9hG4bK1", and perhaps
 * ";rport" in front of the branch or behind it. */
struct usual_via {
	struct span place, branch; /* with ";branch=" */
};

/* Result: false also for some that are usual. */
static bool read_usual(struct usual_via *usual, const struct sip_message *request, struct span value)
{
	const char *parameters = find_parameters(request), *value_end = value.at + value.length;
	const char *branch = request->bytes.at + request->via_branch.offset, *end = branch + request->via_branch.length;

	if (!parameters || request->via_branch.length == 0)
		return false;
	/* A blank in front of it goes when the value is taken apart. */
	if (parameters[-1] == ' ' || parameters[-1] == '\t')
		return false;
	usual->place = span_make(value.at, (size_t)(parameters - value.at));
	usual->branch = span_make(branch - label_branch.length, label_branch.length + request->via_branch.length);
	if (!begins(usual->branch.at, label_branch))
		return false;
	if (usual->branch.at == parameters + label_rport.length)
		return end == value_end && begins(parameters, label_rport);
	return usual->branch.at == parameters &&
	       (end == value_end || (value_end == end + label_rport.length && begins(end, label_rport)));
}

static bool adds_received(const struct sip_message *request, const struct net_address *source)
{
	return request->via_has_rport || !sent_by_is_source(request, source);
}

/* "host:5060;branch=z9hG4bK1", to the end of the line: no other parameter, and no other value. Result: false also for
 * some that are so. */
static bool has_branch_alone(const struct sip_message *request, struct span value)
{
	const char *branch = request->bytes.at + request->via_branch.offset, *end = branch + request->via_branch.length;

	return value.length && request->via_branch.length && end == value.at + value.length &&
	       find_parameters(request) == branch - label_branch.length &&
	       begins(branch - label_branch.length, label_branch);
}

bool via_stamp_is_needed(const struct sip_message *request, const struct net_address *source)
{
	struct span value = sip_message_first(request, SIP_HEADER_VIA);
	struct usual_via usual;

	if (!request->via_has_rport && has_branch_alone(request, value))
		return !sent_by_is_source(request, source);
	return adds_received(request, source) || (!read_usual(&usual, request, value) && has_parameter_in_r(value));
}

/* All of the first value but received and rport. Result: what stands behind it. */
static struct span write_parts(struct text_writer *writer, struct span value, bool *has_received)
{
	bool is_plain = value.length && !memchr(value.at, ',', value.length) && !memchr(value.at, '"', value.length);

	for (bool first = true; value.length && *value.at != ','; first = false) {
		struct span part = span_make(value.at, part_length(value, is_plain));
		value = span_skip(value, part.length);
		bool is_received = parameter_is(part, SPAN_LITERAL("received"));
		*has_received |= is_received;
		if (first || (!is_received && !parameter_is(part, SPAN_LITERAL("rport"))))
			text_write_span(writer, span_trim(part));
	}
	return value;
}

void via_stamp_write(struct text_writer *writer, const struct sip_message *request, const struct net_address *source)
{
	struct span value = sip_message_first(request, SIP_HEADER_VIA), behind = {0};
	bool add_received = adds_received(request, source);
	struct usual_via usual;
	bool is_usual = read_usual(&usual, request, value);
	char buffer[IP_TEXT_BYTES];

	if (!add_received && (is_usual || !has_parameter_in_r(value))) {
		text_write_span(writer, value);
		return;
	}
	if (is_usual) {
		text_write_span(writer, usual.place);
		text_write_span(writer, usual.branch);
	} else {
		behind = write_parts(writer, value, &add_received);
	}
	if (add_received) {
		text_write_literal(writer, ";received=");
		text_write_span(writer, received_text(buffer, source));
	}
	if (request->via_has_rport) {
		text_write_literal(writer, ";rport=");
		text_write_number(writer, source->port);
	}
	text_write_span(writer, behind);
}
