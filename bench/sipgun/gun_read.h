/*
 * gun_read.h - what the generator wants to know of a SIP message that came back: a light look, no judgement.
 *
 * The lines are found by scan.h and named by token_name.h; a value is looked at when somebody asks for it. What the
 * router sends is input: nothing is read outside of `bytes`, whatever they are.
 */
#ifndef AMITY_GUN_READ_H
#define AMITY_GUN_READ_H

#include "sip_message.h"

#define GUN_READ_LINES_MAX 64

struct gun_line {
	uint16_t start; /* of the header's name */
	uint16_t value; /* behind the colon */
	uint16_t end;	/* behind its LF */
	uint8_t name;	/* enum sip_header_name */
};

struct gun_message {
	struct span bytes;
	struct span call_id;
	uint32_t cseq;
	uint16_t status; /* 0: a request */
	uint8_t method;	 /* enum sip_method: of a request its own, of a response its CSeq's */
	uint8_t line_count;
	struct gun_line line[GUN_READ_LINES_MAX];
};

/* Result: false when it is no SIP message with Call-ID and CSeq. Cost: about 100 ns. */
bool gun_read(struct gun_message *message, struct span bytes);

/* The value of the first line of that name, trimmed. Result: length 0 when there is none. */
struct span gun_read_value(const struct gun_message *message, enum sip_header_name name);

static inline struct span gun_read_line_value(const struct gun_message *message, const struct gun_line *line)
{
	return span_trim(span_make(message->bytes.at + line->value, (size_t)(line->end - line->value)));
}

/* The tag of a From or To value. Result: length 0 when it has none. */
struct span gun_read_tag(struct span party);

/* What stands between the first '<' and its '>' of a Contact; without them, the value up to the first ';'. */
struct span gun_read_uri(struct span contact);

#endif
