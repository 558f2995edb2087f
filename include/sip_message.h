/*
 * sip_message.h - what the parser knows of one SIP message: positions in the received bytes, nothing copied.
 *
 *   INVITE sip:2001@acme.example.net SIP/2.0        start line: method, request_uri
 *   Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1      header[0] {name=VIA, start, value, end}; via_*: parts of the
 * topmost value
 *   ...                                             header[i], in the order received; first[NAME] is the first of a
 * name (empty line) v=0 ...                                         body
 *
 * Filled by dataplane/sip/message_parse.c. Every slice is inside the message's bytes. Values of headers have their
 * surrounding white space cut; a folded value (RFC 3261 7.3.1) keeps its CRLF inside and sets SIP_HEADER_FOLDED.
 */
#ifndef AMITY_SIP_MESSAGE_H
#define AMITY_SIP_MESSAGE_H

#include "span.h"

enum sip_method {
	SIP_METHOD_OTHER, /* any other token: legal, unknown to us */
#define SIP_METHOD(name, text) SIP_METHOD_##name,
#include "sip_tokens.def"
	SIP_METHOD_COUNT
};

enum sip_header_name {
	SIP_HEADER_OTHER,
#define SIP_HEADER(name, text, compact) SIP_HEADER_##name,
#include "sip_tokens.def"
	SIP_HEADER_COUNT
};

/* Longest message: one UDP datagram. More header lines than a real message has: the longest torture message has 60. */
#define SIP_MESSAGE_BYTES_MAX 65535
#define SIP_HEADERS_MAX	      128

#define SIP_MAX_FORWARDS_DEFAULT 70 /* RFC 3261 16.6 step 3 */

enum sip_header_flag {
	SIP_HEADER_FOLDED = 1, /* the value has a line fold inside */
};

struct sip_header {
	uint16_t start;	       /* offset of the name's first byte; the line ends where the next one starts */
	uint16_t value;	       /* offset of the value */
	uint16_t value_length; /* without surrounding white space */
	uint8_t name;	       /* enum sip_header_name */
	uint8_t flags;	       /* enum sip_header_flag */
};
_Static_assert(sizeof(struct sip_header) == 8, "eight header lines in a cache line");

#define SIP_HEADER_NONE 0xff

/* From or To. Length 0: malformed or absent. */
struct sip_party {
	struct slice address; /* display name and URI, without parameters */
	struct slice display; /* with its quotes if quoted; length 0: none */
	struct slice uri;     /* without angle brackets */
};

struct sip_message {
	struct span bytes; /* the whole datagram, as received */
	struct slice start_line;
	struct slice method_text;
	struct slice request_uri;
	struct slice call_id;
	struct slice cseq_method_text;
	struct slice from_tag; /* length 0: none */
	struct slice to_tag;   /* length 0: none */
	struct sip_party from, to;
	struct slice via_host; /* topmost Via: sent-by host; IPv6 references with their brackets */
	struct slice via_branch;
	struct slice body; /* by Content-Length; without one, the rest of the datagram (RFC 3261 18.3) */
	uint32_t cseq;
	uint16_t headers_end; /* offset of the empty line */
	uint16_t status_code; /* responses; 0 in requests */
	uint16_t via_port;    /* 0: none given */
	uint8_t method;	      /* enum sip_method; of responses: the CSeq method */
	bool is_request;
	uint8_t max_forwards; /* SIP_MAX_FORWARDS_DEFAULT when absent, UINT8_MAX when larger */
	bool via_has_rport : 1;
	bool via_is_alone : 1; /* no other value is in the line of the topmost Via */
	bool is_folded : 1;    /* a header has SIP_HEADER_FOLDED */
	uint8_t header_count;
	uint8_t via_line_count;		 /* of the header lines, those that are Via */
	uint8_t first[SIP_HEADER_COUNT]; /* index into header[], SIP_HEADER_NONE: absent */
	struct sip_header header[SIP_HEADERS_MAX];
};

static inline struct span sip_message_text(const struct sip_message *message, struct slice part)
{
	return span_slice(message->bytes, part);
}

static inline bool sip_message_has(const struct sip_message *message, enum sip_header_name name)
{
	return message->first[name] != SIP_HEADER_NONE;
}

static inline struct span sip_message_header_value(const struct sip_message *message, uint8_t index)
{
	const struct sip_header *header = &message->header[index];
	return span_make(message->bytes.at + header->value, header->value_length);
}

/* Value of the first header of that name; length 0 and at NULL when there is none. */
static inline struct span sip_message_first(const struct sip_message *message, enum sip_header_name name)
{
	uint8_t index = message->first[name];
	return index == SIP_HEADER_NONE ? (struct span){0} : sip_message_header_value(message, index);
}

/* Next header line of the same name after `index`, or SIP_HEADER_NONE. Start with first[name]. */
static inline uint8_t sip_message_next(const struct sip_message *message, uint8_t index)
{
	for (uint8_t i = (uint8_t)(index + 1); i < message->header_count; i++)
		if (message->header[i].name == message->header[index].name)
			return i;
	return SIP_HEADER_NONE;
}

/* Is there a Via value behind the topmost one? */
static inline bool sip_message_has_next_via(const struct sip_message *message)
{
	return message->via_line_count > 1 || !message->via_is_alone;
}

/* The same for a Via line: most requests have one, and no line has to be looked at then. */
static inline uint8_t sip_message_next_via(const struct sip_message *message, uint8_t index)
{
	return message->via_line_count > 1 ? sip_message_next(message, index) : SIP_HEADER_NONE;
}

/* Offset of the first byte after header line `index`, its line end included. */
static inline uint16_t sip_message_header_end(const struct sip_message *message, uint8_t index)
{
	return index + 1 < message->header_count ? message->header[index + 1].start : message->headers_end;
}

#endif
