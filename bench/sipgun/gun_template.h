/*
 * gun_template.h - messages as readable text with {fields}, compiled once, written with a few copies.
 *
 * What is the same in all messages of a run (addresses, bodies) is put in place when the template is built; the other
 * fields are given with each message.
 */
#ifndef AMITY_GUN_TEMPLATE_H
#define AMITY_GUN_TEMPLATE_H

#include "span.h"

/* GUN_FIELD(NAME, "name"): what a {name} in a template stands for. */
#define GUN_FIELDS(GUN_FIELD)                                                                                          \
	GUN_FIELD(ID, "id") /* call index and generation, 16 hex digits */                                             \
	GUN_FIELD(USER, "user")                                                                                        \
	GUN_FIELD(DOMAIN, "domain")                                                                                    \
	GUN_FIELD(NUMBER, "number")                                                                                    \
	GUN_FIELD(CSEQ, "cseq")                                                                                        \
	GUN_FIELD(METHOD, "method")                                                                                    \
	GUN_FIELD(TARGET, "target") /* the other side's Contact */                                                     \
	GUN_FIELD(TO_TAG, "to_tag")                                                                                    \
	GUN_FIELD(ROUTE, "route")		  /* whole header line, or nothing */                                  \
	GUN_FIELD(AUTHORIZATION, "authorization") /* whole header line, or nothing */                                  \
	GUN_FIELD(HEADER, "header")		  /* of credentials: the header's name */                              \
	GUN_FIELD(REALM, "realm")                                                                                      \
	GUN_FIELD(NONCE, "nonce")                                                                                      \
	GUN_FIELD(URI, "uri")                                                                                          \
	GUN_FIELD(RESPONSE, "response")                                                                                \
	GUN_FIELD(ALGORITHM, "algorithm")                                                                              \
	GUN_FIELD(QOP, "qop")	    /* with nc and cnonce, or nothing */                                               \
	GUN_FIELD(OPAQUE, "opaque") /* with its name, or nothing */                                                    \
	GUN_FIELD(RUN, "run")	    /* constant from here on: eight hex digits of this run */                          \
	GUN_FIELD(CALLER, "caller") /* address:port */                                                                 \
	GUN_FIELD(CALLEE, "callee")                                                                                    \
	GUN_FIELD(ROUTER, "router")                                                                                    \
	GUN_FIELD(EXPIRES, "expires")                                                                                  \
	GUN_FIELD(BODY, "body")                                                                                        \
	GUN_FIELD(BODY_LENGTH, "body_length")

enum gun_field {
#define GUN_FIELD(name, text) GUN_FIELD_##name,
	GUN_FIELDS(GUN_FIELD)
#undef GUN_FIELD
		GUN_FIELD_COUNT,
	GUN_FIELD_NONE = GUN_FIELD_COUNT
};

#define GUN_TEMPLATE_PARTS_MAX 32
#define GUN_TEMPLATE_BYTES_MAX 2048
#define GUN_TEMPLATE_COPY      32 /* literals are copied in such pieces, and have as much behind them */

/* Literal text, then the value of a field. */
struct gun_template_part {
	uint16_t start;
	uint16_t length;
	uint8_t field; /* enum gun_field */
};

struct gun_template {
	uint32_t part_count;
	uint32_t text_bytes;
	struct gun_template_part part[GUN_TEMPLATE_PARTS_MAX];
	char text[GUN_TEMPLATE_BYTES_MAX + GUN_TEMPLATE_COPY];
};

/*
 * Compiles `text`. `constants`: by field; those with bytes are put in place.
 * Result: false when a field is unknown or the template is too long: our own mistake.
 */
bool gun_template_build(struct gun_template *compiled, const char *text, const struct span constants[GUN_FIELD_COUNT]);

/*
 * Writes the message. Behind what is written, up to GUN_TEMPLATE_COPY bytes of the room may change.
 * Result: its length; 0 when `room_bytes` are not enough.
 */
uint32_t gun_template_write(char *room, uint32_t room_bytes, const struct gun_template *compiled,
			    const struct span values[GUN_FIELD_COUNT]);

#endif
