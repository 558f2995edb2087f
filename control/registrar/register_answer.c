#include "register_answer.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "register_decide.h"

void register_answer_line(struct register_answer *answer, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(answer->at + answer->length, answer->size - answer->length, format, arguments);
	va_end(arguments);
	if (length < 0 || (uint32_t)length >= answer->size - answer->length)
		answer->overflow = true;
	else
		answer->length += (uint32_t)length;
}

static void put(struct register_answer *answer, struct span text)
{
	if (text.length >= answer->size - answer->length) {
		answer->overflow = true;
		return;
	}
	if (text.length)
		memcpy(answer->at + answer->length, text.at, text.length);
	answer->length += text.length;
}

/* "Name: " with a value as it was sent. */
static void put_header(struct register_answer *answer, struct span name, struct span value)
{
	put(answer, name);
	put(answer, value);
	put(answer, SPAN_LITERAL("\r\n"));
}

static void write_source(struct register_answer *answer, const struct net_address *source)
{
	char text[INET6_ADDRSTRLEN];
	bool v4 = net_address_is_v4(source->ip);
	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? source->ip + 12 : source->ip, text, sizeof(text));
	put(answer, span_of_text(text));
}

static struct span take_parameter(struct span *rest)
{
	bool quoted = false;
	uint32_t length = 0;
	for (; length < rest->length && (quoted || rest->at[length] != ';'); length++)
		if (rest->at[length] == '"')
			quoted = !quoted;
	struct span parameter = span_trim(span_make(rest->at, length));
	*rest = span_skip(*rest, length + 1);
	return parameter;
}

static bool is_parameter(struct span parameter, struct span name)
{
	if (parameter.length < name.length || !span_equals_nocase(span_make(parameter.at, name.length), name))
		return false;
	struct span after = span_trim(span_skip(parameter, name.length));
	return !after.length || *after.at == '=';
}

/* RFC 3581 4: rport gets the source port, and received is then always told; else when sent-by is another host (RFC
 * 3261 18.2.1). */
static void write_top_via(struct register_answer *answer, const struct register_via *via,
			  const struct net_address *source)
{
	struct span rest = via->value;
	struct span sent_by = take_parameter(&rest);
	put(answer, SPAN_LITERAL("Via: "));
	put(answer, sent_by);
	while (rest.length) {
		struct span parameter = take_parameter(&rest);
		if (is_parameter(parameter, SPAN_LITERAL("received")))
			continue;
		if (is_parameter(parameter, SPAN_LITERAL("rport"))) {
			register_answer_line(answer, ";rport=%u", source->port);
			continue;
		}
		put(answer, SPAN_LITERAL(";"));
		put(answer, parameter);
	}
	if (via->has_rport || !register_decide_same_host(via->host, source->ip)) {
		put(answer, SPAN_LITERAL(";received="));
		write_source(answer, source);
	}
	put(answer, SPAN_LITERAL("\r\n"));
	if (via->rest.length)
		put_header(answer, SPAN_LITERAL("Via: "), via->rest);
}

void register_answer_start(struct register_answer *answer, struct register_status status,
			   const struct register_request *request, const struct net_address *source, const char *tag)
{
	register_answer_line(answer, "SIP/2.0 %u %s\r\n", status.code, status.phrase);
	write_top_via(answer, &request->via, source);
	for (uint32_t i = 0; i < request->header_count; i++) {
		const struct register_header *header = &request->header[i];
		if (header->name == REGISTER_HEADER_VIA && header != request->first[REGISTER_HEADER_VIA])
			put_header(answer, SPAN_LITERAL("Via: "), header->value);
	}
	put_header(answer, SPAN_LITERAL("From: "), request->first[REGISTER_HEADER_FROM]->value);
	put(answer, SPAN_LITERAL("To: "));
	put(answer, request->first[REGISTER_HEADER_TO]->value);
	if (!request->to_has_tag) {
		put(answer, SPAN_LITERAL(";tag="));
		put(answer, span_of_text(tag));
	}
	put(answer, SPAN_LITERAL("\r\n"));
	put_header(answer, SPAN_LITERAL("Call-ID: "), request->first[REGISTER_HEADER_CALL_ID]->value);
	put_header(answer, SPAN_LITERAL("CSeq: "), request->first[REGISTER_HEADER_CSEQ]->value);
}

void register_answer_restart(struct register_answer *answer, struct register_status status, struct span from,
			     uint32_t common_length)
{
	const char *line_end = memchr(from.at, '\n', common_length);
	struct span common = span_skip(span_make(from.at, common_length), (uint32_t)(line_end - from.at) + 1);
	register_answer_line(answer, "SIP/2.0 %u %s\r\n" SPAN_FORMAT, status.code, status.phrase,
			     SPAN_ARGUMENTS(common));
}

static void write_contact(struct register_answer *answer, const struct binding_record *binding, int64_t now_unix_s)
{
	int64_t remaining_s = binding->expires_unix_s - now_unix_s;
	if (remaining_s <= 0)
		return;
	put(answer, SPAN_LITERAL("Contact: <"));
	put(answer, binding->contact);
	register_answer_line(answer, ">;expires=%lld", (long long)remaining_s);
	if (binding->q < 1000)
		register_answer_line(answer, ";q=0.%03u", binding->q);
	if (binding->instance.length) {
		put(answer, SPAN_LITERAL(";+sip.instance="));
		put(answer, binding->instance);
	}
	put(answer, SPAN_LITERAL("\r\n"));
}

void register_answer_bindings(struct register_answer *answer, const struct binding_list *list,
			      const struct register_request *request, int64_t now_unix_s)
{
	for (uint32_t i = 0; list && i < list->count; i++)
		write_contact(answer, &list->binding[i], now_unix_s);
	if (request->path_length)
		put_header(answer, SPAN_LITERAL("Path: "), span_make(request->path, request->path_length));
	struct tm parts;
	char date[64];
	time_t now = (time_t)now_unix_s;
	/* The program does not call setlocale(): names of days and months are English. */
	if (gmtime_r(&now, &parts) && strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &parts))
		register_answer_line(answer, "Date: %s\r\n", date);
}

void register_answer_end(struct register_answer *answer)
{
	put(answer, SPAN_LITERAL("Content-Length: 0\r\n\r\n"));
}

struct net_address register_answer_destination(const struct register_request *request, const struct net_address *source)
{
	struct net_address destination = *source;
	if (!request->via.has_rport && !register_decide_other_host(request->via.host, source->ip))
		destination.port = request->via.port ? request->via.port : 5060;
	return destination;
}
