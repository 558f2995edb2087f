#include "facts.h"

#include <stdio.h>

#include "address_parse.h"
#include "credentials_parse.h"
#include "message_parse.h"
#include "sdp_parse.h"
#include "text_write.h"
#include "uri_parse.h"
#include "via_parse.h"

/* Without the brackets of an IPv6 reference. */
static struct span bare_host(struct span host)
{
	return host.length >= 2 && host.at[0] == '[' ? span_make(host.at + 1, host.length - 2) : host;
}

static void add_decoded(struct facts *facts, const char *name, struct span text)
{
	static char decoded[65536];
	int length = uri_decode(decoded, sizeof(decoded), text);
	facts_add(facts, name, span_make(decoded, length < 0 ? 0 : (size_t)length));
}

static void add_uri(struct facts *facts, const struct sip_uri *uri)
{
	facts_add(facts, "scheme", uri->scheme_text);
	if (uri->scheme == URI_SCHEME_OTHER)
		return;
	add_decoded(facts, "user", uri->user);
	add_decoded(facts, "password", uri->password);
	facts_add(facts, "host", bare_host(uri->host));
	facts_add_number(facts, "port", uri->port);
}

static void read_uri(struct facts *facts, struct span text)
{
	struct sip_uri uri;
	facts->accepted = uri_parse(&uri, text);
	if (facts->accepted)
		add_uri(facts, &uri);
}

static void read_via(struct facts *facts, struct span text)
{
	struct sip_via via;
	struct span rest;
	facts->accepted = via_parse(&via, &rest, text) && rest.length == 0;
	if (!facts->accepted)
		return;
	facts_add(facts, "transport", via.transport);
	facts_add(facts, "host", bare_host(via.host));
	facts_add_number(facts, "port", via.port);
	facts_add(facts, "branch", via.branch);
	facts_add_number(facts, "rport", via.has_rport);
}

static void read_address(struct facts *facts, struct span text)
{
	struct sip_address address;
	struct sip_uri uri;
	struct span rest, tag;
	facts->accepted =
		address_parse_with_tag(&address, &tag, &rest, text) && rest.length == 0 && uri_parse(&uri, address.uri);
	if (!facts->accepted)
		return;
	facts_add(facts, "tag", tag);
	facts_add(facts, "display", address.display);
	add_uri(facts, &uri);
}

static void read_credentials(struct facts *facts, struct span text)
{
	struct digest_credentials credentials;
	facts->accepted = credentials_parse(&credentials, text) == CREDENTIALS_OK;
	if (!facts->accepted)
		return;
	facts_add(facts, "username", credentials.username);
	facts_add(facts, "realm", credentials.realm);
	facts_add(facts, "nonce", credentials.nonce);
	facts_add(facts, "uri", credentials.uri);
	facts_add(facts, "response", credentials.response);
	facts_add(facts, "cnonce", credentials.cnonce);
	facts_add(facts, "qop", credentials.qop);
	facts_add(facts, "nc", credentials.nc_text);
	facts_add(facts, "opaque", credentials.opaque);
}

#define JOINED_BYTES 131072

/* One word or attribute behind the others. */
static void join(struct text_writer *joined, struct span text, char separator)
{
	text_write_span(joined, text);
	text_write_char(joined, separator);
}

static void read_formats(struct facts *facts, struct span formats)
{
	static char text[JOINED_BYTES];
	struct text_writer joined = text_write_begin(text, sizeof(text));
	while (formats.length) {
		const char *space = memchr(formats.at, ' ', formats.length);
		struct span word = span_make(formats.at, space ? (size_t)(space - formats.at) : formats.length);
		join(&joined, word, ' ');
		formats = span_skip(formats, word.length + 1);
	}
	facts_add(facts, "formats", text_written(&joined));
}

static void read_attributes(struct facts *facts, struct span section)
{
	static char text[JOINED_BYTES];
	struct text_writer joined = text_write_begin(text, sizeof(text));
	struct span name, value;
	while (sdp_next_attribute(&name, &value, &section)) {
		join(&joined, name, ':');
		join(&joined, value, '\n');
	}
	facts_add(facts, "attributes", text_written(&joined));
}

static void read_sdp(struct facts *facts, struct span text)
{
	static struct sdp sdp;
	facts->accepted = sdp_parse(&sdp, text);
	if (!facts->accepted)
		return;
	facts_add_number(facts, "count of media", sdp.media_count);
	for (uint32_t i = 0; i < sdp.media_count && i < 4; i++) {
		facts_add(facts, "media", sdp.media[i].media);
		facts_add_number(facts, "port", sdp.media[i].port);
		facts_add(facts, "protocol", sdp.media[i].protocol);
		read_formats(facts, sdp.media[i].formats);
		read_attributes(facts, sdp.media[i].section);
	}
}

static uint32_t count_vias(const struct sip_message *message)
{
	struct sip_via via;
	uint32_t count = 0;
	while (via_parse_nth(&via, message, count))
		count++;
	return count;
}

static uint32_t count_addresses(const struct sip_message *message, enum sip_header_name name)
{
	struct sip_address address;
	uint32_t count = 0;
	for (uint8_t i = message->first[name]; i != SIP_HEADER_NONE; i = sip_message_next(message, i))
		for (struct span rest = sip_message_header_value(message, i);
		     rest.length && address_parse(&address, &rest, rest);)
			count++;
	return count;
}

static void read_message(struct facts *facts, struct span text)
{
	static struct sip_message message;
	static char bytes[SIP_MESSAGE_BYTES_MAX];
	struct sip_uri uri = {0};

	memcpy(bytes, text.at, text.length);
	text.at = bytes;
	enum reason reason = message_parse(&message, text);
	if (reason == REASON_NONE && message_unfold(&message, bytes))
		reason = message_parse(&message, text);
	facts->accepted = reason == REASON_NONE &&
			  (!message.is_request || uri_parse(&uri, sip_message_text(&message, message.request_uri)));
	if (!facts->accepted)
		return;
	facts_add(facts, "method",
		  message.is_request ? sip_message_text(&message, message.method_text) : (struct span){0});
	facts_add_number(facts, "status", message.status_code);
	facts_add(facts, "Request-URI scheme", uri.scheme_text);
	facts_add(facts, "Request-URI host", bare_host(uri.host));
	facts_add(facts, "Via host", bare_host(sip_message_text(&message, message.via_host)));
	facts_add_number(facts, "Via port", message.via_port);
	facts_add(facts, "Via branch", sip_message_text(&message, message.via_branch));
	facts_add(facts, "Call-ID", sip_message_text(&message, message.call_id));
	facts_add_number(facts, "CSeq number", message.cseq);
	facts_add(facts, "CSeq method", sip_message_text(&message, message.cseq_method_text));
	facts_add(facts, "From tag", sip_message_text(&message, message.from_tag));
	facts_add(facts, "To tag", sip_message_text(&message, message.to_tag));
	facts_add_number(facts, "body length", message.body.length);
	facts_add_number(facts, "count of Via", count_vias(&message));
	facts_add_number(facts, "count of Contact", count_addresses(&message, SIP_HEADER_CONTACT));
	facts_add_number(facts, "count of Route", count_addresses(&message, SIP_HEADER_ROUTE));
	facts_add_number(facts, "count of Record-Route", count_addresses(&message, SIP_HEADER_RECORD_ROUTE));
}

void facts_by_amity(struct facts *facts, enum item item, struct span text)
{
	static void (*const readers[ITEM_COUNT])(struct facts * facts, struct span text) = {
		read_message, read_uri, read_via, read_address, read_credentials, read_sdp};
	facts_clear(facts);
	readers[item](facts, text);
}
