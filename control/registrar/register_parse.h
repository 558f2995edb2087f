/*
 * register_parse.h - one REGISTER as the registrar needs it: its header lines as they were sent, its contacts taken
 * apart.
 *
 * libosip2 decides whether the message and its contacts are well formed and finds their parameters. Texts that are
 * stored or sent back are taken from the received bytes: libosip2 decodes escapes (and ends at %00), which would change
 * a URI.
 */
#ifndef AMITY_REGISTER_PARSE_H
#define AMITY_REGISTER_PARSE_H

#include "span.h"

#define REGISTER_HEADERS_MAX	   128
#define REGISTER_CONTACTS_MAX	   32 /* in one request: ten that are added, and those that they replace */
#define REGISTER_BYTES_MAX	   65535
#define REGISTER_CONTACT_BYTES_MAX 512 /* a contact URI; ten of them and their parameters fit an answer */
#define REGISTER_PATH_BYTES_MAX	   1024

enum register_header_name {
	REGISTER_HEADER_OTHER,
	REGISTER_HEADER_VIA,
	REGISTER_HEADER_FROM,
	REGISTER_HEADER_TO,
	REGISTER_HEADER_CALL_ID,
	REGISTER_HEADER_CSEQ,
	REGISTER_HEADER_CONTACT,
	REGISTER_HEADER_EXPIRES,
	REGISTER_HEADER_PATH,
	REGISTER_HEADER_SUPPORTED,
	REGISTER_HEADER_REQUIRE,
	REGISTER_HEADER_USER_AGENT,
	REGISTER_HEADER_NAME_COUNT
};

struct register_header {
	enum register_header_name name;
	struct span value; /* unfolded, trimmed */
};

struct register_contact {
	struct span uri;      /* as sent, without brackets and header parameters */
	struct span host;     /* IPv6 without brackets */
	struct span instance; /* +sip.instance, as sent, with its quotes; length 0: none */
	uint32_t expires_s;
	bool has_expires;
	uint16_t port; /* 0: none given */
	uint16_t q;    /* 0-1000 */
};

/* The topmost Via. */
struct register_via {
	struct span value; /* of the first value alone */
	struct span rest;  /* further values of the same line; length 0: none */
	struct span host;  /* IPv6 without brackets */
	uint16_t port;	   /* 0: none given */
	bool has_rport;
};

struct register_request {
	char text[REGISTER_BYTES_MAX + 1]; /* the header part, unfolded */
	uint32_t text_length;
	struct register_header header[REGISTER_HEADERS_MAX];
	uint32_t header_count;
	const struct register_header *first[REGISTER_HEADER_NAME_COUNT]; /* NULL: absent */
	struct register_via via;
	struct span to_uri;  /* as sent */
	struct span to_user; /* of it; length 0: none */
	struct span to_host;
	bool to_has_tag;
	uint32_t cseq;
	uint32_t expires_s; /* of the Expires header */
	bool has_expires;
	bool supports_path;		    /* Supported: or Require: path */
	struct span unsupported;	    /* first option of Require: that we do not have; length 0: none */
	char path[REGISTER_PATH_BYTES_MAX]; /* all Path values, joined by commas */
	uint32_t path_length;
	struct register_contact contact[REGISTER_CONTACTS_MAX];
	uint32_t contact_count;
	bool contact_star;
};

enum register_fault {
	REGISTER_FINE,
	REGISTER_UNANSWERABLE, /* no usable Via, From, To, Call-ID or CSeq */
	REGISTER_MALFORMED,    /* 400 */
	REGISTER_TOO_MANY_CONTACTS,
	REGISTER_TOO_LONG, /* contact or Path longer than we store, or more than libosip2's memory takes */
};

/* Once per process, before the first register_parse(): libosip2's tables, and its trace silenced. */
void register_parse_init(void);

/*
 * Fills `request`, whatever the bytes are. Unless the result is REGISTER_UNANSWERABLE, the header lines of an answer
 * (via, From, To, Call-ID, CSeq) can be taken from it. Valid until the next call. Thread: control.
 */
enum register_fault register_parse(struct register_request *request, struct span payload);

/* Value of a Contact or To header `value`: the URI as sent. Result: length 0 when there is none. */
struct span register_parse_uri(struct span value);

/* Host (IPv6 without brackets) and port (0: none) of a sip: URI. Result: false when there is no host. */
bool register_parse_host(struct span *host, uint16_t *port, struct span uri);

#endif
