#include "facts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <osipparser2/osip_parser.h>
#include <osipparser2/osip_port.h>
#include <osipparser2/sdp_message.h>

#include "must.h"

static void trace_nothing(const char *file, int line, osip_trace_level_t level, const char *format, va_list arguments)
{
	(void)file, (void)line, (void)level, (void)format, (void)arguments;
}

void facts_osip_init(void)
{
	osip_trace_initialize_func(TRACE_LEVEL0, trace_nothing);
	for (int level = TRACE_LEVEL0; level < END_TRACE_LEVEL; level++)
		osip_trace_disable_level((osip_trace_level_t)level);
	parser_init();
}

/* Called by LeakSanitizer. libosip2 loses the Content-Type of a part of a multipart body that has two. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:osip_content_type_init\nleak:osip_content_type_parse\n";
}

static struct span text_of(const char *text)
{
	return text ? span_trim(span_of_text(text)) : (struct span){0};
}

static uint32_t number_of(const char *text)
{
	return text ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

static struct span cut_quotes(const char *text)
{
	struct span value = text_of(text);
	return value.length >= 2 && value.at[0] == '"' ? span_make(value.at + 1, value.length - 2) : value;
}

static struct span parameter_of(const osip_list_t *parameters, const char *name)
{
	for (int i = 0; i < osip_list_size(parameters); i++) {
		const osip_generic_param_t *parameter = osip_list_get(parameters, i);
		if (parameter->gname && strcasecmp(parameter->gname, name) == 0)
			return text_of(parameter->gvalue);
	}
	return (struct span){0};
}

static bool has_parameter(const osip_list_t *parameters, const char *name)
{
	for (int i = 0; i < osip_list_size(parameters); i++) {
		const osip_generic_param_t *parameter = osip_list_get(parameters, i);
		if (parameter->gname && strcasecmp(parameter->gname, name) == 0)
			return true;
	}
	return false;
}

static bool is_sip(const osip_uri_t *uri)
{
	return uri->scheme && (strcasecmp(uri->scheme, "sip") == 0 || strcasecmp(uri->scheme, "sips") == 0);
}

static void add_uri(struct facts *facts, const osip_uri_t *uri)
{
	facts_add(facts, "scheme", text_of(uri->scheme));
	if (!is_sip(uri))
		return;
	facts_add(facts, "user", uri->username ? span_of_text(uri->username) : (struct span){0});
	facts_add(facts, "password", uri->password ? span_of_text(uri->password) : (struct span){0});
	facts_add(facts, "host", text_of(uri->host));
	facts_add_number(facts, "port", number_of(uri->port));
}

static void read_uri(struct facts *facts, const char *text)
{
	osip_uri_t *uri;
	must(osip_uri_init(&uri) == 0);
	facts->accepted = osip_uri_parse(uri, text) == 0;
	if (facts->accepted)
		add_uri(facts, uri);
	osip_uri_free(uri);
}

static void read_via(struct facts *facts, const char *text)
{
	osip_via_t *via;
	must(osip_via_init(&via) == 0);
	facts->accepted = osip_via_parse(via, text) == 0;
	if (facts->accepted) {
		facts_add(facts, "transport", text_of(via->protocol));
		facts_add(facts, "host", text_of(via->host));
		facts_add_number(facts, "port", number_of(via->port));
		facts_add(facts, "branch", parameter_of(&via->via_params, "branch"));
		facts_add_number(facts, "rport", has_parameter(&via->via_params, "rport"));
	}
	osip_via_free(via);
}

static void read_address(struct facts *facts, const char *text)
{
	osip_from_t *from;
	must(osip_from_init(&from) == 0);
	facts->accepted = osip_from_parse(from, text) == 0 && from->url; /* none in "*" */
	if (facts->accepted) {
		facts_add(facts, "tag", parameter_of(&from->gen_params, "tag"));
		facts_add(facts, "display", text_of(from->displayname));
		add_uri(facts, from->url);
	}
	osip_from_free(from);
}

static void read_credentials(struct facts *facts, const char *text)
{
	osip_authorization_t *credentials;
	must(osip_authorization_init(&credentials) == 0);
	facts->accepted = osip_authorization_parse(credentials, text) == 0 && credentials->auth_type &&
			  strcasecmp(credentials->auth_type, "Digest") == 0;
	if (facts->accepted) {
		facts_add(facts, "username", cut_quotes(credentials->username));
		facts_add(facts, "realm", cut_quotes(credentials->realm));
		facts_add(facts, "nonce", cut_quotes(credentials->nonce));
		facts_add(facts, "uri", cut_quotes(credentials->uri));
		facts_add(facts, "response", cut_quotes(credentials->response));
		facts_add(facts, "cnonce", cut_quotes(credentials->cnonce));
		facts_add(facts, "qop", cut_quotes(credentials->message_qop));
		facts_add(facts, "nc", cut_quotes(credentials->nonce_count));
		facts_add(facts, "opaque", cut_quotes(credentials->opaque));
	}
	osip_authorization_free(credentials);
}

#define JOINED_BYTES 131072

static char joined[JOINED_BYTES];

/* One word or attribute behind the others. Result: the length so far. */
static size_t join(size_t length, const char *text, char separator)
{
	int added = snprintf(joined + length, sizeof(joined) - length, "%s%c", text ? text : "", separator);
	must(added > 0 && length + (size_t)added < sizeof(joined));
	return length + (size_t)added;
}

static void read_formats(struct facts *facts, sdp_message_t *sdp, int media)
{
	size_t length = 0;
	const char *payload;
	for (int i = 0; (payload = sdp_message_m_payload_get(sdp, media, i)) != NULL; i++)
		length = join(length, payload, ' ');
	facts_add(facts, "formats", span_make(joined, length));
}

static void read_attributes(struct facts *facts, sdp_message_t *sdp, int media)
{
	size_t length = 0;
	const sdp_attribute_t *attribute;
	for (int i = 0; (attribute = sdp_message_attribute_get(sdp, media, i)) != NULL; i++) {
		length = join(length, attribute->a_att_field, ':');
		length = join(length, attribute->a_att_value, '\n');
	}
	facts_add(facts, "attributes", span_make(joined, length));
}

static void read_sdp(struct facts *facts, const char *text)
{
	sdp_message_t *sdp;
	uint32_t count = 0;
	must(sdp_message_init(&sdp) == 0);
	facts->accepted = sdp_message_parse(sdp, text) == 0;
	if (facts->accepted) {
		while (sdp_message_endof_media(sdp, (int)count) == 0)
			count++;
		facts_add_number(facts, "count of media", count);
		for (int i = 0; i < (int)count && i < 4; i++) {
			facts_add(facts, "media", text_of(sdp_message_m_media_get(sdp, i)));
			facts_add_number(facts, "port", number_of(sdp_message_m_port_get(sdp, i)));
			facts_add(facts, "protocol", text_of(sdp_message_m_proto_get(sdp, i)));
			read_formats(facts, sdp, i);
			read_attributes(facts, sdp, i);
		}
	}
	sdp_message_free(sdp);
}

static void add_call_id(struct facts *facts, const osip_call_id_t *call_id)
{
	static char text[SIP_MESSAGE_MAX_LENGTH * 4];
	int length = snprintf(text, sizeof(text), "%s%s%s", call_id->number ? call_id->number : "",
			      call_id->host ? "@" : "", call_id->host ? call_id->host : "");
	must(length >= 0 && length < (int)sizeof(text));
	facts_add(facts, "Call-ID", text_of(text));
}

static uint32_t body_length(const osip_message_t *message)
{
	uint32_t length = 0;
	for (int i = 0; i < osip_list_size(&message->bodies); i++)
		length += (uint32_t)((const osip_body_t *)osip_list_get(&message->bodies, i))->length;
	return length;
}

/* The headers without which libosip2 accepts a message, and we do not. */
static bool has_mandatory(const osip_message_t *message)
{
	return osip_list_size(&message->vias) > 0 && message->from && message->from->url && message->to &&
	       message->to->url && message->call_id && message->cseq && message->cseq->number && message->cseq->method;
}

static void add_message(struct facts *facts, const osip_message_t *message)
{
	const osip_via_t *via = osip_list_get(&message->vias, 0);
	bool is_request = MSG_IS_REQUEST(message);
	const osip_uri_t *uri = is_request ? message->req_uri : NULL;

	facts_add(facts, "method", is_request ? text_of(message->sip_method) : (struct span){0});
	facts_add_number(facts, "status", is_request ? 0 : (uint32_t)message->status_code);
	facts_add(facts, "Request-URI scheme", text_of(uri ? uri->scheme : NULL));
	facts_add(facts, "Request-URI host", text_of(uri && is_sip(uri) ? uri->host : NULL));
	facts_add(facts, "Via host", text_of(via->host));
	facts_add_number(facts, "Via port", number_of(via->port));
	facts_add(facts, "Via branch", parameter_of(&via->via_params, "branch"));
	add_call_id(facts, message->call_id);
	facts_add_number(facts, "CSeq number", number_of(message->cseq->number));
	facts_add(facts, "CSeq method", text_of(message->cseq->method));
	facts_add(facts, "From tag", parameter_of(&message->from->gen_params, "tag"));
	facts_add(facts, "To tag", parameter_of(&message->to->gen_params, "tag"));
	facts_add_number(facts, "body length", body_length(message));
	facts_add_number(facts, "count of Via", (uint32_t)osip_list_size(&message->vias));
	facts_add_number(facts, "count of Contact", (uint32_t)osip_list_size(&message->contacts));
	facts_add_number(facts, "count of Route", (uint32_t)osip_list_size(&message->routes));
	facts_add_number(facts, "count of Record-Route", (uint32_t)osip_list_size(&message->record_routes));
}

static void read_message(struct facts *facts, const char *text, uint32_t length)
{
	osip_message_t *message;
	must(osip_message_init(&message) == 0);
	facts->accepted = osip_message_parse(message, text, length) == 0 && has_mandatory(message);
	if (facts->accepted)
		add_message(facts, message);
	osip_message_free(message);
}

void facts_by_osip(struct facts *facts, enum item item, struct span text)
{
	static void (*const readers[ITEM_COUNT])(struct facts * facts, const char *text) = {
		NULL, read_uri, read_via, read_address, read_credentials, read_sdp};
	/* libosip2's SDP parser looks at the byte behind the end of its text. */
	char *copy = calloc(1, text.length + 1 + (item == ITEM_SDP));

	must(copy);
	if (text.length)
		memcpy(copy, text.at, text.length);
	facts_clear(facts);
	if (item == ITEM_MESSAGE)
		read_message(facts, copy, text.length);
	else
		readers[item](facts, copy);
	free(copy);
}
